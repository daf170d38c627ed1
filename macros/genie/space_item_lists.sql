{#-
    The lists of a space's configuration whose elements are followed, by kind: the path of the list, the
    paths of an element's id and name, and what is read of it, each text by its label. Both versions of the
    format have them; a column is an element of a table. False is as good as absent.
-#}
{% macro space_item_lists() %}
    {%- set snippet = {'name': ['display_name'], 'alias': ['alias'], 'sql': ['sql'], 'synonyms': ['synonyms'],
        'instruction': ['instruction'], 'comment': ['comment']} -%}
    {%- set snippets = ['instructions', 'sql_snippets'] -%}
    {{- return({
        'table': [['data_sources', 'tables'], ['identifier'], ['identifier'], {'description': ['description']}],
        'metric_view': [['data_sources', 'metric_views'], ['identifier'], ['identifier'],
            {'description': ['description']}],
        'sample_question': [['config', 'sample_questions'], ['id'], ['question'], {'question': ['question']}],
        'instruction': [['instructions', 'text_instructions'], ['id'], ['title'], {'text': ['content']}],
        'example_sql': [['instructions', 'example_question_sqls'], ['id'], ['question'],
            {'question': ['question'], 'sql': ['sql'], 'guidance': ['usage_guidance']}],
        'sql_function': [['instructions', 'sql_functions'], ['id'], ['identifier'],
            {'identifier': ['identifier'], 'description': ['description']}],
        'join': [['instructions', 'join_specs'], ['id'], ['right', 'identifier'],
            {'left': ['left', 'identifier'], 'right': ['right', 'identifier'], 'sql': ['sql'],
             'instruction': ['instruction'], 'comment': ['comment']}],
        'filter': [snippets + ['filters'], ['id'], ['display_name'], snippet],
        'expression': [snippets + ['expressions'], ['id'], ['display_name'], snippet],
        'measure': [snippets + ['measures'], ['id'], ['display_name'], snippet],
        'benchmark': [['benchmarks', 'questions'], ['id'], ['question'],
            {'question': ['question'], 'answer': ['answer', 0, 'content']}],
        'column': [['column_configs'], ['column_name'], ['column_name'],
            {'description': ['description'], 'synonyms': ['synonyms'], 'hidden': ['exclude'],
             'format assistance': [['enable_format_assistance'], ['get_example_values']],
             'entity matching': [['enable_entity_matching'], ['build_value_dictionary']]}],
    }) }}
{% endmacro %}
