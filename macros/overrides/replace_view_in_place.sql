{#-
    Views on Postgres are replaced in place. dbt's own way drops the old view with every view that
    reads it, so that a reader in the middle of a build finds none. Only columns that are dropped or
    change their type take the old way; the build then makes the views above anew.
-#}
{% materialization view, adapter='postgres' %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {% if existing_relation is not none and not existing_relation.is_view %}
        {% do adapter.drop_relation(existing_relation) %}
    {% endif %}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') -%}
        {{ replace_view_in_place(target_relation, sql) }}
    {%- endcall %}

    {% set should_revoke = should_revoke(existing_relation, full_refresh_mode=True) %}
    {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke) %}
    {% do persist_docs(target_relation, model) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro replace_view_in_place(relation, sql) -%}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent(sql) }}
    {%- endif %}
do $body$
declare
    definition text := $definition${{ sql }}$definition$;
begin
    execute 'create or replace view {{ relation }} as (' || definition || ')';
exception when invalid_table_definition then
    execute 'drop view {{ relation }} cascade';
    execute 'create view {{ relation }} as (' || definition || ')';
end
$body$
{%- endmacro %}
