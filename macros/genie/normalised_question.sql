{#- A question as it is counted: plain letters, digits kept, single spaces; null where nothing is left of it. -#}
{% macro normalised_question(text) -%}
    nullif(trim({{ replace_matches(plain_letters(kept_text(text)), ' +', ' ') }}), '')
{%- endmacro %}
