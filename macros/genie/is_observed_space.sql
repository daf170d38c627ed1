{#- Predicate: workspace and space are in genie_workspace_ids and genie_space_ids. -#}
{% macro is_observed_space(workspace_id, space_id) -%}
    {{ is_observed_workspace(workspace_id) }}
    {%- for workspace, spaces in var('genie_space_ids').items() %}
    and ({{ workspace_id }} <> '{{ workspace }}' or {{ space_id }} in ('{{ spaces | join("', '") }}'))
    {%- endfor -%}
{%- endmacro %}
