{#
    Every macro of cross_db that makes an SQL expression, on literal inputs with a trap each: what
    the macro gives (as text) against what every engine has to give. Returns what differs.
    A backslash in a literal means different things to the engines, so there is none.
#}

{%- set document = '{"text": "ünï", "number": 42, "digits": "0042", "half": 4.5,'
    ~ ' "large": 12345678901234567890, "yes": true, "no": "FALSE", "maybe": "on", "nothing": null,'
    ~ ' "object": {"b": 1, "a": [2, 3]}, "list": [{"k": "x"}, {"k": "y"}], "none": [],'
    ~ ' "words": ["ü", null, "b"]}' -%}

{%- set cases = [
    ('json_text', 'text', json_text('parsed.whole', ['text']), 'ünï'),
    ('json_text', 'number', json_text('parsed.whole', ['number']), '42'),
    ('json_text', 'null', json_text('parsed.whole', ['nothing']), none),
    ('json_text', 'missing key', json_text('parsed.whole', ['gone', 'too']), none),
    ('json_text', 'through a scalar', json_text('parsed.whole', ['text', 'a']), none),
    ('json_text', 'position', json_text('parsed.whole', ['list', 1, 'k']), 'y'),
    ('json_text', 'beyond the end', json_text('parsed.whole', ['list', 2, 'k']), none),
    ('json_document', 'cut off', json_text('parsed.broken', ['a']), none),
    ('json_document', 'null', json_text('parsed.missing', ['a']), none),
    ('json_bigint', 'number', json_bigint('parsed.whole', ['number']), '42'),
    ('json_bigint', 'digits as text', json_bigint('parsed.whole', ['digits']), '42'),
    ('json_bigint', 'fraction', json_bigint('parsed.whole', ['half']), none),
    ('json_bigint', 'too large', json_bigint('parsed.whole', ['large']), none),
    ('json_bigint', 'text', json_bigint('parsed.whole', ['text']), none),
    ('json_array_length', 'list', json_array_length('parsed.whole', ['list']), '2'),
    ('json_array_length', 'empty', json_array_length('parsed.whole', ['none']), '0'),
    ('json_array_length', 'object', json_array_length('parsed.whole', ['object']), none),
    ('json_array_length', 'missing', json_array_length('parsed.whole', ['gone']), none),
    ('json_array_text', 'texts', json_array_text('parsed.whole', ['words'], "', '"), 'ü, b'),
    ('json_array_text', 'field', json_array_text('parsed.whole', ['list'], "'~'", 'k'),
        'x~y'),
    ('json_array_text', 'missing field', json_array_text('parsed.whole', ['list'], "','", 'z'), none),
    ('json_array_text', 'empty', json_array_text('parsed.whole', ['none'], "','"), none),
    ('json_array_text', 'object', json_array_text('parsed.whole', ['object'], "','"), none),
    ('json_array_text', 'missing', json_array_text('parsed.whole', ['gone'], "','"), none),
    ('json_fragment', 'keys in order',
        "replace(" ~ json_fragment('parsed.raw_text', 'parsed.whole', ['object']) ~ ", ' ', '')",
        '{"b":1,"a":[2,3]}'),
    ('json_fragment', 'missing', json_fragment('parsed.raw_text', 'parsed.whole', ['gone']), none),
    ('json_fragment', 'cut off', json_fragment('parsed.broken_raw', 'parsed.broken', ['a']), none),
    ('safe_bigint', 'signed', safe_bigint('parsed.signed_digits'), '-7'),
    ('safe_bigint', 'exponent', safe_bigint('parsed.exponent_digits'), none),
    ('safe_bigint', 'underscore', safe_bigint('parsed.underscore_digits'), none),
    ('safe_bigint', 'empty', safe_bigint('parsed.empty_digits'), none),
    ('safe_decimal', 'fraction', safe_decimal('parsed.fraction_digits'), '0.070000000'),
    ('safe_decimal', 'small', safe_decimal('parsed.small_digits'), '0.000010000'),
    ('safe_decimal', 'rounded', safe_decimal('parsed.long_digits'), '2.123456790'),
    ('safe_decimal', 'empty', safe_decimal('parsed.empty_digits'), none),
    ('prorated', 'a third', "cast(" ~ prorated(
        'cast(1 as decimal(18, 9))', 'cast(1 as bigint)', 'cast(3 as bigint)'
    ) ~ " as decimal(18, 9))", '0.333333333'),
    ('prorated', 'two thirds', "cast(" ~ prorated(
        'cast(1 as decimal(18, 9))', 'cast(2 as bigint)', 'cast(3 as bigint)'
    ) ~ " as decimal(18, 9))", '0.666666667'),
    ('prorated', 'half away from zero', "cast(" ~ prorated(
        'cast(0.000000001 as decimal(18, 9))', 'cast(1 as bigint)', 'cast(2 as bigint)'
    ) ~ " as decimal(18, 9))", '0.000000001'),
    ('prorated', 'large', "cast(" ~ prorated(
        'cast(123456789.123456789 as decimal(18, 9))', 'cast(999999999999 as bigint)',
        'cast(1000000000000 as bigint)'
    ) ~ " as decimal(18, 9))", '123456789.123333332'),
    ('prorated', 'of nothing', prorated(
        'cast(1 as decimal(18, 9))', 'cast(0 as bigint)', 'cast(0 as bigint)'
    ), none),
    ('epoch_milliseconds', 'seconds',
        epoch_milliseconds('cast(1768471200 as bigint)'), '1768471200000'),
    ('epoch_milliseconds', 'milliseconds',
        epoch_milliseconds('cast(1768471200123 as bigint)'), '1768471200123'),
    ('epoch_milliseconds', 'null', epoch_milliseconds('cast(null as bigint)'), none),
    ('timestamp_from_milliseconds', 'fraction',
        microseconds(timestamp_from_milliseconds('cast(1768471200123 as bigint)')),
        '1768471200123000'),
    ('timestamp_from_milliseconds', 'before 1970',
        microseconds(timestamp_from_milliseconds('cast(-1 as bigint)')), '-1000'),
    ('microseconds', 'exact', microseconds("timestamp '2026-01-15 10:00:00.123456'"),
        '1768471200123456'),
    ('seconds_between', 'no boundary counted',
        "cast(" ~ seconds_between(
            "timestamp '2026-01-15 10:00:00.900000'", "timestamp '2026-01-15 10:00:01.100000'"
        ) ~ " * 10 as bigint)", '2'),
    ('add_seconds', 'over midnight',
        microseconds(add_seconds("timestamp '2026-01-14 23:59:59'", '2')), '1768435201000000'),
    ('matches', 'digits', "case when " ~ matches("'a12'", '^[a-z][0-9]{2}$')
        ~ " then 'yes' else 'no' end", 'yes'),
    ('matches', 'case matters', "case when " ~ matches("'A12'", '^[a-z]')
        ~ " then 'yes' else 'no' end", 'no'),
    ('replace_matches', 'all, not the first',
        replace_matches("'a1 b22 c'", '[0-9]+', '_'), 'a_ b_ c'),
    ('replace_matches', 'none', replace_matches("'abc'", '[0-9]+', '_'), 'abc'),
    ('plain_letters', 'accents and marks', plain_letters(
        "'Où est-ce, it' || chr(39) || 's' || chr(10) || 'ÀB?'"
    ), 'où est ce  it s àb '),
    ('quantile', 'between two values', "cast(1000 * (select " ~ quantile('numbers.number', 0.95)
        ~ " from (select 10 as number union all select 20 as number union all select 40 as number"
        ~ " union all select null as number) as numbers) as bigint)", '38000'),
    ('quantile', 'no values', "cast((select " ~ quantile('numbers.number', 0.5)
        ~ " from (select 10 as number) as numbers where number > 10) as bigint)", none),
    ('iso_day_of_week', 'Monday', iso_day_of_week("timestamp '2026-01-12 00:00:00'"), '1'),
    ('iso_day_of_week', 'Sunday', iso_day_of_week("timestamp '2026-01-18 23:59:59'"), '7'),
    ('surrogate_key', 'value', surrogate_key(["'w1'", "'m1'"]), 'd3ec748155184da73f2ddd5d484e98c9'),
    ('surrogate_key', 'null is not empty', "case when " ~ surrogate_key(["'a'", "''"]) ~ " <> "
        ~ surrogate_key(["'a'", "cast(null as " ~ dbt.type_string() ~ ")"])
        ~ " then 'yes' else 'no' end", 'yes'),
    ('type_double', 'eight bytes', "case when cast(0.1 as " ~ type_double() ~ ") + cast(0.2 as "
        ~ type_double() ~ ") > cast(0.3 as " ~ type_double() ~ ") then 'yes' else 'no' end", 'yes'),
    ('current_utc', 'within a day of the engine', "case when abs(" ~ seconds_between(
        current_utc(), "cast(current_timestamp as timestamp)"
    ) ~ ") < 86400 then 'yes' else 'no' end", 'yes'),
] -%}

with literals as (

    select
        '{{ document }}' as raw_text,
        '{"a": "cut' as broken_raw,
        cast(null as {{ dbt.type_string() }}) as missing_raw,
        '-7' as signed_digits,
        '1e3' as exponent_digits,
        '1_000' as underscore_digits,
        '0.07' as fraction_digits,
        '1e-05' as small_digits,
        '2.12345678951234567890' as long_digits,
        '' as empty_digits

),

parsed as (

    select
        raw_text,
        broken_raw,
        signed_digits,
        exponent_digits,
        underscore_digits,
        fraction_digits,
        small_digits,
        long_digits,
        empty_digits,
        {{ json_document('raw_text') }} as whole,
        {{ json_document('broken_raw') }} as broken,
        {{ json_document('missing_raw') }} as missing
    from literals
    {{ parse_fence() }}

),

results as (

    {% for macro_name, trap, expression, expected in cases %}
        select
            '{{ macro_name }}' as macro_name,
            '{{ trap }}' as trap,
            cast({{ expression }} as {{ dbt.type_string() }}) as given,
            {% if expected is none -%}
                cast(null as {{ dbt.type_string() }}) as expected
            {%- else -%}
                '{{ expected }}' as expected
            {%- endif %}
        from parsed
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

elements as (

    select
        cast(item.pos as bigint) as element_position,
        {{ json_text('item.elem', ['k']) }} as element_key
    from parsed
    {{ json_array_elements('parsed.whole', ['list'], 'item') }}

),

-- a path to no array, or to an empty one, gives no rows
no_elements as (

    {% for path in ['none', 'object', 'text', 'gone'] %}
        select '{{ path }}' as array_path
        from parsed
        {{ json_array_elements('parsed.whole', [path], 'item') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

bounds as (

    select
        date '2026-02-27' as first_day,
        date '2026-03-01' as last_day

),

days as (

    select series.series_day
    from bounds
    {{ day_series('bounds.first_day', 'bounds.last_day', 'series') }}

),

compared as (

    select * from results
    union all
    select
        'day_series' as macro_name,
        'over the end of a month' as trap,
        cast(min(series_day) as {{ dbt.type_string() }})
        || cast(max(series_day) as {{ dbt.type_string() }})
        || cast(count(*) as {{ dbt.type_string() }}) as given,
        '2026-02-272026-03-013' as expected
    from days
    union all
    select
        'json_array_elements' as macro_name,
        'order' as trap,
        max(case when element_position = 0 then element_key end)
        || max(case when element_position = 1 then element_key end)
        || cast(count(*) as {{ dbt.type_string() }}) as given,
        'xy2' as expected
    from elements
    union all
    select
        'json_array_elements' as macro_name,
        array_path as trap,
        'a row' as given,
        cast(null as {{ dbt.type_string() }}) as expected
    from no_elements

)

select * from compared
where given is distinct from expected
