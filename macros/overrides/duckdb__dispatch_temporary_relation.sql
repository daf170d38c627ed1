{#-
    Overrides dbt-duckdb's: an increment of a Python model is written to a real table, since another connection writes
    it, which the adapter takes for a temporary one and never drops. Here it is told so, and what a build that was
    killed left behind is dropped first.
-#}
{% macro duckdb__dispatch_temporary_relation(target_relation, batch_id='') %}
    {%- if model.language != 'python' -%}
        {{ return({'relation': make_temp_relation(target_relation), 'temporary': true}) }}
    {%- endif -%}
    {%- set relation = make_intermediate_relation(target_relation, '__dbt_increment') -%}
    {%- do adapter.drop_relation(relation) -%}
    {{ return({'relation': relation, 'temporary': false}) }}
{% endmacro %}
