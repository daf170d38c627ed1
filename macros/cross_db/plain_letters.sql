{#-
    Text in lower case with a space for each mark of punctuation, line break and tab. Letters are translated one by
    one: lower() differs by engine beyond ASCII. Letters of no Latin alphabet stay as they are. The apostrophe is
    chr(39): Spark takes two of them in a literal for none.
-#}
{% macro plain_letters(text) -%}
    {%- set upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŠŽŒŸ' -%}
    {%- set lower = 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþšžœÿ' -%}
    {%- set marks = '.,;:*/#_+&()[]{}<>=!?@|~^%$"`-\n\r\t' -%}
    translate(
        {{ text }}, '{{ upper }}{{ marks }}' || chr(39), '{{ lower }}{{ ' ' * (marks | length + 1) }}'
    )
{%- endmacro %}
