{#- Indexes for the config of a model: lists of columns; the first is unique if asked. Only Postgres has them. -#}
{% macro postgres_indexes(columns, unique=false) %}
    {{- return(adapter.dispatch('postgres_indexes', 'genie_observability')(columns, unique)) }}
{% endmacro %}

{% macro default__postgres_indexes(columns, unique) %}{{ return([]) }}{% endmacro %}

{% macro postgres__postgres_indexes(columns, unique) %}
    {% set indexes = [] %}
    {% for names in columns %}
        {% do indexes.append({'columns': names, 'unique': unique and loop.first}) %}
    {% endfor %}
    {{ return(indexes) }}
{% endmacro %}
