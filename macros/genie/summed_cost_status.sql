{#-
    Status of a sum of figures by the statuses of these (an SQL expression, null for a figure that is
    not of the sum), as an aggregate: priced if all are, or if there are none; estimate if some are
    known; pending if the bill of some is still to come; unpriceable if nothing is known.
-#}
{% macro summed_cost_status(status) -%}
    case
        when count(case when {{ status }} <> 'priced' then 1 end) = 0 then 'priced'
        when count(case when {{ status }} in ('priced', 'estimate') then 1 end) > 0 then 'estimate'
        when count(case when {{ status }} = 'pending' then 1 end) > 0 then 'pending'
        else 'unpriceable'
    end
{%- endmacro %}
