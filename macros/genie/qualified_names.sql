{#-
    JSON array (text) of objects, each with a name of three parts or more in SQL text, such as
    catalog.schema.table, in lower case and without quotes; null where there is none. A part of a name is made
    of letters without accents, digits and underscores; any other character ends the name. Each word gets a
    space of its own on either side, so that shorter names can be taken out without looking ahead.
-#}
{% macro qualified_names(text) -%}
    {%- set words -%}
        ' ' || {{ replace_matches(replace_matches('lower(' ~ text ~ ')', '[`"]', ''), '[^a-z0-9_.]+', '  ') }} || ' '
    {%- endset -%}
    '[{"name":"' || replace(
        nullif(trim({{ replace_matches(words, ' ([^ .]+|[^ .]*[.][^ .]*) ', '') }}), ''), '  ', '"},{"name":"'
    ) || '"}]'
{%- endmacro %}
