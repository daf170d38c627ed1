{#-
    What a bank's text says, without what changes from line to line: plain letters, words with a digit (numbers of
    cards, terminals, receipts; dates) gone, single spaces. Null where nothing is left.
-#}
{% macro normalised_text(text) -%}
    nullif(trim({{
        replace_matches(replace_matches(plain_letters(text), '[^ ]*[0-9][^ ]*', ' '), ' +', ' ')
    }}), '')
{%- endmacro %}
