{#- Predicate: the workspace is in genie_workspace_ids, as literals; all real workspaces where that is empty. -#}
{% macro is_observed_workspace(workspace_id) -%}
    {%- set ids = var('genie_workspace_ids') -%}
    {%- if ids -%}
        {{ workspace_id }} in ('{{ ids | join("', '") }}')
    {%- else -%}
        {{ workspace_id }} is not null
    {%- endif -%}
{%- endmacro %}
