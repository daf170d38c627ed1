{#-
    full_refresh for models fed by sources that expire: --full-refresh leaves the table alone, unless
    the var allow_history_loss says that the loss is meant.
-#}
{% macro keep_history() %}
    {{- return(none if var('allow_history_loss') else false) }}
{% endmacro %}
