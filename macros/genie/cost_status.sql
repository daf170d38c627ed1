{#-
    Status of a figure by the reason why it is not what it could be (an SQL expression): priced without
    one, estimate where it is near, pending where the bill is still to come, unpriceable where nothing
    is known.
-#}
{% macro cost_status(reason) -%}
    case
        when {{ reason }} is null then 'priced'
        when {{ reason }} in ('other work unknown', 'part has no list price', 'bill is not hourly')
            then 'estimate'
        when {{ reason }} = 'not billed yet' then 'pending'
        else 'unpriceable'
    end
{%- endmacro %}
