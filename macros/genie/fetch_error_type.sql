{#- Error type of a failed fetch attempt, from the HTTP status or the ingester's error code. -#}
{% macro fetch_error_type(http_status, error_code) -%}
    case
        when {{ http_status }} in (401, 403) then 'AUTH_ERROR'
        when {{ http_status }} = 404 then 'NOT_FOUND'
        when {{ http_status }} = 429 then 'RATE_LIMITED'
        when {{ http_status }} in (408, 504) or {{ error_code }} = 'TIMEOUT' then 'TIMEOUT'
        else 'FAILED'
    end
{%- endmacro %}
