{#
    message + authoring + other + idle = bill, to the cent: of each warehouse and day; and the marts by
    message and by space hold as much as these days.
#}

with days as (

    select * from {{ ref('genie_cost_reconciliation') }}

),

messages as (

    select sum(warehouse_cost) as warehouse_cost from {{ ref('genie_cost_by_message') }}

),

spaces as (

    select
        sum(message_cost) as message_cost,
        sum(authoring_cost) as authoring_cost
    from {{ ref('genie_cost_by_space') }}

),

totals as (

    select
        sum(message_cost) as message_cost,
        sum(authoring_cost) as authoring_cost
    from days

),

differences as (

    select
        'a day of a warehouse' as what,
        cost_key as which,
        billed_cost - (message_cost + authoring_cost + other_cost + idle_cost) as difference
    from days
    union all
    select
        'all messages' as what,
        cast(null as {{ dbt.type_string() }}) as which,
        messages.warehouse_cost - totals.message_cost as difference
    from messages
    cross join totals
    union all
    select
        'all spaces' as what,
        cast(null as {{ dbt.type_string() }}) as which,
        (spaces.message_cost + spaces.authoring_cost)
        - (totals.message_cost + totals.authoring_cost) as difference
    from spaces
    cross join totals

)

select * from differences
where abs(difference) >= 0.01
