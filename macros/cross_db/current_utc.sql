{#- The one clock of every model, in UTC. Unit tests override this macro. -#}
{% macro current_utc() %}{{ return(adapter.dispatch('current_utc', 'genie_observability')()) }}{% endmacro %}

{% macro default__current_utc() %}(current_timestamp at time zone 'UTC'){% endmacro %}

{% macro databricks__current_utc() %}current_timestamp(){% endmacro %}
