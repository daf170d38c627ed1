{#-
    Postgres up to 15 has no cast that gives null instead of an error: a function of ours does.
    The lock lets two dbt runs start at once. The function is not parallel safe: a worker cannot begin
    the subtransaction that catching an error takes. Only errors of the data are caught, all others
    end the build.
-#}
{% macro create_parse_functions() %}
    {{- return(adapter.dispatch('create_parse_functions', 'genie_observability')()) }}
{% endmacro %}

{% macro default__create_parse_functions() %}{% endmacro %}

{% macro postgres__create_parse_functions() %}
do $body$
begin
    perform pg_advisory_xact_lock(724001);
    create schema if not exists {{ generate_schema_name('genie_bronze', none) }};
    if to_regprocedure('{{ parse_function("try_jsonb") }}(text)') is null then
        create function {{ parse_function('try_jsonb') }}(value text) returns jsonb
        language plpgsql immutable strict parallel unsafe as
        $function$
        begin
            return value::jsonb;
        exception when data_exception or program_limit_exceeded then
            return null;
        end
        $function$;
    end if;
end
$body$
{% endmacro %}
