{#-
    What a bank's text says, without what changes from line to line: letters in lower case, words with
    a digit (numbers of cards, terminals, receipts; dates) and punctuation gone, single spaces. Null
    where nothing is left. Letters are translated one by one: lower() differs by engine beyond ASCII.
-#}
{% macro normalised_text(text) -%}
    {%- set upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŠŽŒŸ' -%}
    {%- set lower = 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþšžœÿ' -%}
    {%- set marks = ".,;:*/#_+&()[]{}<>=!?@|~^%$\"''`-" -%}
    {%- set translated -%}
        translate({{ text }}, '{{ upper }}{{ marks }}', '{{ lower }}{{ ' ' * (marks | length - 1) }}')
    {%- endset -%}
    nullif(trim({{
        replace_matches(replace_matches(translated, '[^ ]*[0-9][^ ]*', ' '), ' +', ' ')
    }}), '')
{%- endmacro %}
