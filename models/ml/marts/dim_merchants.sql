{{ config(
    materialized='table',
    indexes=postgres_indexes([['merchant_name', 'category']], unique=true),
) }}

with training as (

    select * from {{ ref('fct_training_view') }}
    where data_split = 'train'

),

pairs as (

    select
        merchant_name,
        target_label as category,
        count(*) as support,
        max(transacted_at) as last_transacted_at
    from training
    group by merchant_name, target_label

),

totals as (

    select
        *,
        sum(support) over (partition by merchant_name) as merchant_support,
        cast(sum(support) over (partition by category) as {{ type_double() }})
        / sum(support) over () as category_share
    from pairs

),

final as (

    select
        cast({{ surrogate_key(['merchant_name', 'category']) }} as {{ dbt.type_string() }})
            as merchant_key,
        cast(merchant_name as {{ dbt.type_string() }}) as merchant_name,
        cast(category as {{ dbt.type_string() }}) as category,
        cast(support as bigint) as support,
        cast(merchant_support as bigint) as merchant_support,
        cast(category_share as {{ type_double() }}) as prior,
        cast(
            (support + {{ var('merchant_prior_strength') }} * category_share)
            / (merchant_support + {{ var('merchant_prior_strength') }}) as {{ type_double() }}
        ) as confidence,
        cast(last_transacted_at as timestamp) as last_transacted_at
    from totals

)

select * from final
