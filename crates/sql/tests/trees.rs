//! Any tree that the parser can make is printed to a text that it reads as the same tree: trees at random, every kind of
//! statement and of expression among them.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use proptest::{collection::vec, option, prelude::*};
use weir_sql::{
    Expression, ExpressionKind, Ident, Span, Statement, Variables,
    expression::{
        ArithmeticOperator, CaseBranch, ComparisonOperator, LikePattern, Literal, TimeUnit,
    },
    parse_expression, parse_statement,
    statement::{
        AliasedSource, AlterSource, AssertSchema, AssertTopic, AssertValues, ColumnDefinition,
        ColumnRole, CreateAsSelect, CreateSource, DropSource, Emit, Explain, InsertSelect,
        InsertValues, Join, JoinKind, Print, Properties, Property, Query, QueryTarget, Relation,
        SelectItem, Show, SourceKind, TimeSpan, TypeName, TypeNameKind, Window, WindowKind, Within,
    },
};

fn span() -> Span {
    Span::default()
}

fn ident(name: impl Into<String>) -> Ident {
    Ident::new(name, span())
}

fn node(kind: ExpressionKind) -> Expression {
    Expression { kind, span: span() }
}

fn boxed(kind: Expression) -> Box<Expression> {
    Box::new(kind)
}

/// Words of the language, of which some may be names and some may not.
const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "AS",
    "ARRAY",
    "MAP",
    "STRUCT",
    "CAST",
    "CASE",
    "END",
    "NULL",
    "TRUE",
    "DAYS",
    "DAY",
    "IF",
    "EXISTS",
    "NOT",
    "KEY",
    "PRIMARY",
    "HEADERS",
    "HEADER",
    "EMIT",
    "CHANGES",
    "FINAL",
    "LIMIT",
    "PARTITION",
    "BY",
    "WINDOW",
    "SESSION",
    "TUMBLING",
    "FUNCTION",
    "EXTENDED",
    "ALL",
    "TYPE",
    "COLUMN",
    "ADD",
    "SOURCE",
    "SINK",
    "CONNECTOR",
    "ESCAPE",
    "LIKE",
    "IN",
    "VALUES",
    "WITH",
    "INTEGER",
    "STRING",
    "DECIMAL",
    "TOPIC",
    "SUBJECT",
    "ID",
    "TIMEOUT",
    "SYSTEM",
    "STREAM",
    "STREAMS",
    "GRACE",
    "PERIOD",
    "RETENTION",
    "AT",
    "TIME",
    "ZONE",
    "INTERVAL",
    "SAMPLE",
    "REPLACE",
    "OR",
    "AND",
    "IS",
    "DISTINCT",
    "BETWEEN",
    "WITHIN",
    "ON",
    "JOIN",
    "LEFT",
    "COUNT",
    "SCHEMA",
    "ILIKE",
    "ANY",
];

/// A name of anything but a source: every text can be one between quotes.
fn name() -> BoxedStrategy<Ident> {
    prop_oneof![
        4 => "[A-Z_][A-Z0-9_@]{0,6}".prop_map(ident),
        2 => proptest::sample::select(WORDS).prop_map(ident),
        1 => proptest::sample::select(WORDS).prop_map(|word| ident(word.to_lowercase())),
        1 => "[a-z0-9@ `\"'$.{}\\-]{1,6}".prop_map(ident),
        1 => any::<String>().prop_filter("a name has a character", |name| !name.is_empty()).prop_map(ident),
    ]
    .boxed()
}

fn source_name() -> BoxedStrategy<Ident> {
    prop_oneof![
        3 => "[A-Z_][A-Z0-9_]{0,6}".prop_map(ident),
        1 => proptest::sample::select(WORDS).prop_map(ident),
        1 => "[A-Za-z0-9_\\-]{1,8}".prop_map(ident),
    ]
    .boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        2 => "[ -~\n]{0,8}",
        1 => "[%_'\\\\!;$-]{0,6}",
        1 => any::<String>(),
    ]
    .boxed()
}

fn literal() -> BoxedStrategy<Literal> {
    let outside = |value: &i64| i32::try_from(*value).is_err();
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean),
        any::<i32>().prop_map(Literal::Integer),
        prop_oneof![Just(i32::MIN), Just(i32::MAX), -2..3].prop_map(Literal::Integer),
        any::<i64>()
            .prop_filter("fits no INTEGER", outside)
            .prop_map(Literal::BigInt),
        prop_oneof![
            Just(i64::MIN),
            Just(i64::MAX),
            Just(1 << 31),
            Just(-(1 << 31) - 1)
        ]
        .prop_map(Literal::BigInt),
        "-?([0-9]{1,30}\\.[0-9]{0,30}|\\.[0-9]{1,30})".prop_map(Literal::Decimal),
        any::<f64>()
            .prop_filter("no literal is infinite", |value| value.is_finite())
            .prop_map(Literal::Double),
        prop_oneof![
            Just(0.0),
            Just(-0.0),
            Just(1e-320),
            Just(f64::MAX),
            Just(0.1)
        ]
        .prop_map(Literal::Double),
        text().prop_map(Literal::String),
    ]
    .boxed()
}

fn time_unit() -> impl Strategy<Value = TimeUnit> {
    prop_oneof![
        Just(TimeUnit::Days),
        Just(TimeUnit::Hours),
        Just(TimeUnit::Minutes),
        Just(TimeUnit::Seconds),
        Just(TimeUnit::Milliseconds),
    ]
}

fn time_span() -> BoxedStrategy<TimeSpan> {
    (prop_oneof![0_u64..100, any::<u64>()], time_unit())
        .prop_map(|(amount, unit)| TimeSpan { amount, unit })
        .boxed()
}

fn type_name() -> BoxedStrategy<TypeName> {
    let make = |kind| TypeName { kind, span: span() };
    let simple = prop_oneof![
        Just(TypeNameKind::Boolean),
        Just(TypeNameKind::Integer),
        Just(TypeNameKind::BigInt),
        Just(TypeNameKind::Double),
        (any::<u32>(), any::<u32>())
            .prop_map(|(precision, scale)| TypeNameKind::Decimal { precision, scale }),
        Just(TypeNameKind::String),
        Just(TypeNameKind::Bytes),
        Just(TypeNameKind::Time),
        Just(TypeNameKind::Date),
        Just(TypeNameKind::Timestamp),
        name().prop_map(TypeNameKind::Named),
    ];
    simple
        .prop_map(make)
        .prop_recursive(4, 16, 3, move |inner| {
            prop_oneof![
                inner
                    .clone()
                    .prop_map(|element| TypeNameKind::Array(Box::new(element))),
                (inner.clone(), inner.clone())
                    .prop_map(|(key, value)| TypeNameKind::Map(Box::new(key), Box::new(value))),
                vec((name(), inner), 0..3).prop_map(TypeNameKind::Struct),
            ]
            .prop_map(make)
        })
        .boxed()
}

fn arithmetic_operator() -> impl Strategy<Value = ArithmeticOperator> {
    use ArithmeticOperator::{Add, Divide, Modulo, Multiply, Subtract};
    proptest::sample::select(&[Add, Subtract, Multiply, Divide, Modulo][..])
}

fn comparison_operator() -> impl Strategy<Value = ComparisonOperator> {
    use ComparisonOperator::{
        Equal, Greater, GreaterOrEqual, IsDistinctFrom, IsNotDistinctFrom, Less, LessOrEqual,
        NotEqual,
    };
    proptest::sample::select(
        &[
            Equal,
            NotEqual,
            Less,
            LessOrEqual,
            Greater,
            GreaterOrEqual,
            IsDistinctFrom,
            IsNotDistinctFrom,
        ][..],
    )
}

fn expression() -> BoxedStrategy<Expression> {
    let leaf = prop_oneof![
        2 => literal().prop_map(ExpressionKind::Literal),
        3 => (option::weighted(0.3, name()), name())
            .prop_map(|(source, name)| ExpressionKind::Column { source, name }),
    ];
    leaf.prop_map(node)
        .prop_recursive(5, 32, 4, |inner| {
            prop_oneof![
                operator(inner.clone()),
                comparison(inner.clone()),
                word_form(inner)
            ]
            .prop_map(node)
        })
        .boxed()
}

type Inner = BoxedStrategy<Expression>;

fn operator(inner: Inner) -> BoxedStrategy<ExpressionKind> {
    prop_oneof![
        (inner.clone(), name()).prop_map(|(base, field)| ExpressionKind::Dereference {
            base: boxed(base),
            field
        }),
        (inner.clone(), inner.clone()).prop_map(|(base, index)| ExpressionKind::Subscript {
            base: boxed(base),
            index: boxed(index),
        }),
        (any::<bool>(), inner.clone()).prop_map(|(is_negative, operand)| ExpressionKind::Sign {
            is_negative,
            operand: boxed(operand),
        }),
        inner
            .clone()
            .prop_map(|operand| ExpressionKind::Not(boxed(operand))),
        vec(inner.clone(), 2..4).prop_map(ExpressionKind::And),
        vec(inner.clone(), 2..4).prop_map(ExpressionKind::Or),
        vec(inner.clone(), 2..4).prop_map(ExpressionKind::Concat),
        (inner.clone(), arithmetic_operator(), inner).prop_map(|(left, operator, right)| {
            ExpressionKind::Arithmetic {
                left: boxed(left),
                operator,
                right: boxed(right),
            }
        }),
    ]
    .boxed()
}

fn comparison(inner: Inner) -> BoxedStrategy<ExpressionKind> {
    let patterns = prop_oneof![
        inner
            .clone()
            .prop_map(|pattern| LikePattern::One(boxed(pattern))),
        vec(inner.clone(), 1..4).prop_map(LikePattern::Any),
    ];
    prop_oneof![
        (inner.clone(), comparison_operator(), inner.clone()).prop_map(
            |(left, operator, right)| {
                ExpressionKind::Comparison {
                    left: boxed(left),
                    operator,
                    right: boxed(right),
                }
            }
        ),
        (inner.clone(), any::<bool>(), inner.clone(), inner.clone()).prop_map(
            |(operand, is_negated, low, high)| ExpressionKind::Between {
                operand: boxed(operand),
                is_negated,
                low: boxed(low),
                high: boxed(high),
            }
        ),
        (inner.clone(), any::<bool>(), vec(inner.clone(), 1..4)).prop_map(
            |(operand, is_negated, items)| ExpressionKind::In {
                operand: boxed(operand),
                is_negated,
                items,
            }
        ),
        (
            inner.clone(),
            any::<(bool, bool)>(),
            patterns,
            option::of(any::<char>())
        )
            .prop_map(|(operand, (is_negated, ignores_case), pattern, escape)| {
                ExpressionKind::Like {
                    operand: boxed(operand),
                    is_negated,
                    ignores_case,
                    pattern,
                    escape,
                }
            }),
        (inner, any::<bool>()).prop_map(|(operand, is_negated)| ExpressionKind::IsNull {
            operand: boxed(operand),
            is_negated,
        }),
    ]
    .boxed()
}

/// The arguments of a function: units of time stand nowhere else, nor do lambdas, which stand behind all others and behind
/// one at least.
fn arguments(inner: Inner) -> BoxedStrategy<Vec<Expression>> {
    let value = prop_oneof![
        6 => inner.clone(),
        1 => time_unit().prop_map(|unit| node(ExpressionKind::TimeUnit(unit))),
    ];
    let lambda = (vec(name(), 1..4), inner).prop_map(|(parameters, body)| {
        node(ExpressionKind::Lambda {
            parameters,
            body: boxed(body),
        })
    });
    let with_lambdas = (vec(value.clone(), 1..3), vec(lambda, 1..3));
    prop_oneof![
        vec(value, 0..4),
        with_lambdas.prop_map(|(values, lambdas)| [values, lambdas].concat()),
    ]
    .boxed()
}

fn word_form(inner: Inner) -> BoxedStrategy<ExpressionKind> {
    let branch = (inner.clone(), inner.clone())
        .prop_map(|(condition, result)| CaseBranch { condition, result });
    prop_oneof![
        1 => (option::of(inner.clone()), vec(branch, 1..3), option::of(inner.clone())).prop_map(
            |(operand, branches, otherwise)| ExpressionKind::Case {
                operand: operand.map(boxed),
                branches,
                otherwise: otherwise.map(boxed),
            }
        ),
        1 => (inner.clone(), type_name()).prop_map(|(operand, to)| ExpressionKind::Cast {
            operand: boxed(operand),
            to,
        }),
        3 => (name(), arguments(inner.clone())).prop_map(|(name, arguments)| {
            ExpressionKind::Call {
                name,
                arguments,
                is_star: false,
            }
        }),
        1 => name().prop_map(|name| ExpressionKind::Call {
            name,
            arguments: Vec::new(),
            is_star: true,
        }),
        1 => vec(inner.clone(), 0..4).prop_map(ExpressionKind::Array),
        1 => vec((inner.clone(), inner.clone()), 0..3).prop_map(ExpressionKind::Map),
        1 => vec((name(), inner.clone()), 0..3).prop_map(ExpressionKind::Struct),
        1 => (inner, text()).prop_map(|(operand, zone)| ExpressionKind::AtTimeZone {
            operand: boxed(operand),
            zone: boxed(node(ExpressionKind::Literal(Literal::String(zone)))),
        }),
    ]
    .boxed()
}

fn aliased_source() -> BoxedStrategy<AliasedSource> {
    (source_name(), option::of(source_name()))
        .prop_map(|(name, alias)| AliasedSource { name, alias })
        .boxed()
}

fn join() -> BoxedStrategy<Join> {
    let kind = proptest::sample::select(
        &[
            JoinKind::Inner,
            JoinKind::Left,
            JoinKind::Right,
            JoinKind::Full,
        ][..],
    );
    let within = (
        time_span(),
        option::of(time_span()),
        option::of(time_span()),
    )
        .prop_map(|(before, after, grace)| Within {
            before,
            after: after.unwrap_or(before),
            grace,
        });
    (kind, aliased_source(), option::of(within), expression())
        .prop_map(|(kind, source, within, condition)| Join {
            kind,
            source,
            within,
            condition,
        })
        .boxed()
}

fn window() -> BoxedStrategy<Window> {
    let kind = prop_oneof![
        time_span().prop_map(|size| WindowKind::Tumbling { size }),
        (time_span(), time_span())
            .prop_map(|(size, advance)| WindowKind::Hopping { size, advance }),
        time_span().prop_map(|gap| WindowKind::Session { gap }),
    ];
    (
        option::of(name()),
        kind,
        option::of(time_span()),
        option::of(time_span()),
    )
        .prop_map(|(name, kind, retention, grace)| Window {
            name,
            kind,
            retention,
            grace,
        })
        .boxed()
}

fn select_item() -> BoxedStrategy<SelectItem> {
    prop_oneof![
        1 => option::of(name()).prop_map(|source| SelectItem::All {
            source,
            span: span(),
        }),
        1 => expression().prop_map(SelectItem::AllFields),
        3 => (expression(), option::of(name()))
            .prop_map(|(expression, alias)| SelectItem::Expression { expression, alias }),
    ]
    .boxed()
}

fn query() -> BoxedStrategy<Query> {
    let emit = prop_oneof![
        Just(None),
        Just(Some(Emit::Changes)),
        Just(Some(Emit::Final))
    ];
    let keys = || option::weighted(0.3, vec(expression(), 0..3));
    let few = |strategy: BoxedStrategy<Expression>| option::weighted(0.3, strategy);
    (
        (
            vec(select_item(), 1..3),
            aliased_source(),
            vec(join(), 0..2),
        ),
        option::weighted(0.3, window()),
        few(expression().boxed()),
        (keys(), keys()),
        few(expression().boxed()),
        (emit, option::of(any::<u64>())),
    )
        .prop_map(
            |(
                (items, first, joins),
                window,
                filter,
                (group_by, partition_by),
                having,
                (emit, limit),
            )| {
                Query {
                    items,
                    from: Relation { first, joins },
                    window,
                    filter,
                    group_by,
                    partition_by,
                    having,
                    emit,
                    limit,
                    span: span(),
                }
            },
        )
        .boxed()
}

fn properties() -> BoxedStrategy<Properties> {
    let entry = (name(), literal()).prop_map(|(name, value)| Property {
        name: ident(name.value.to_uppercase()),
        value,
        value_span: span(),
    });
    vec(entry, 0..3)
        .prop_map(|entries| Properties { entries })
        .boxed()
}

fn column_definition() -> BoxedStrategy<ColumnDefinition> {
    let role = prop_oneof![
        Just(ColumnRole::Value),
        Just(ColumnRole::Key),
        Just(ColumnRole::PrimaryKey),
        Just(ColumnRole::Headers),
        text().prop_map(ColumnRole::Header),
    ];
    (name(), type_name(), role)
        .prop_map(|(name, type_name, role)| ColumnDefinition {
            name,
            type_name,
            role,
            span: span(),
        })
        .boxed()
}

fn kind() -> impl Strategy<Value = SourceKind> {
    prop_oneof![Just(SourceKind::Stream), Just(SourceKind::Table)]
}

fn create_source() -> BoxedStrategy<CreateSource> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (
        kind(),
        flags,
        source_name(),
        vec(column_definition(), 0..4),
        properties(),
    )
        .prop_map(
            |(kind, (or_replace, is_source, if_not_exists), name, columns, properties)| {
                CreateSource {
                    kind,
                    or_replace,
                    is_source,
                    if_not_exists,
                    name,
                    columns,
                    properties,
                }
            },
        )
        .boxed()
}

fn create_as() -> BoxedStrategy<CreateAsSelect> {
    (
        kind(),
        any::<bool>(),
        any::<bool>(),
        source_name(),
        properties(),
        query(),
    )
        .prop_map(
            |(kind, or_replace, if_not_exists, name, properties, query)| CreateAsSelect {
                kind,
                or_replace,
                if_not_exists,
                name,
                properties,
                query,
            },
        )
        .boxed()
}

fn show() -> BoxedStrategy<Show> {
    prop_oneof![
        (any::<bool>(), any::<bool>())
            .prop_map(|(all, is_extended)| Show::Topics { all, is_extended }),
        any::<bool>().prop_map(|is_extended| Show::Streams { is_extended }),
        any::<bool>().prop_map(|is_extended| Show::Tables { is_extended }),
        any::<bool>().prop_map(|is_extended| Show::Queries { is_extended }),
        Just(Show::Functions),
        Just(Show::Properties),
        Just(Show::Types),
        Just(Show::Variables),
    ]
    .boxed()
}

fn query_target() -> impl Strategy<Value = QueryTarget> {
    prop_oneof![Just(QueryTarget::All), name().prop_map(QueryTarget::Query)]
}

fn assertion() -> BoxedStrategy<Statement> {
    let values = || {
        (source_name(), vec(name(), 0..3), vec(expression(), 0..3)).prop_map(
            |(source, columns, values)| AssertValues {
                source,
                columns,
                values,
            },
        )
    };
    prop_oneof![
        (name(), any::<bool>(), properties(), option::of(time_span())).prop_map(
            |(topic, must_exist, properties, timeout)| Statement::AssertTopic(AssertTopic {
                topic,
                must_exist,
                properties,
                timeout,
            })
        ),
        (
            option::of(name()),
            option::of(0..=i32::MAX),
            any::<bool>(),
            option::of(time_span())
        )
            .prop_map(|(subject, id, must_exist, timeout)| {
                Statement::AssertSchema(AssertSchema {
                    subject,
                    id,
                    must_exist,
                    timeout,
                })
            }),
        values().prop_map(Statement::AssertValues),
        values().prop_map(Statement::AssertNullValues),
        create_source().prop_map(|source| Statement::AssertSource(CreateSource {
            or_replace: false,
            is_source: false,
            if_not_exists: false,
            ..source
        })),
        (any::<u64>(), source_name())
            .prop_map(|(count, source)| Statement::AssertCount { count, source }),
    ]
    .boxed()
}

/// Statements about sources and rows.
fn of_data() -> BoxedStrategy<Statement> {
    prop_oneof![
        2 => create_source().prop_map(Statement::CreateSource),
        2 => create_as().prop_map(Statement::CreateAsSelect),
        1 => (source_name(), properties(), query()).prop_map(|(target, properties, query)| {
            Statement::InsertSelect(InsertSelect {
                target,
                properties,
                query,
            })
        }),
        1 => (source_name(), vec(name(), 0..3), vec(expression(), 0..3)).prop_map(
            |(target, columns, values)| Statement::InsertValues(InsertValues {
                target,
                columns,
                values,
            })
        ),
        2 => query().prop_map(Statement::Select),
        1 => (name(), any::<bool>(), option::of(any::<u64>()), option::of(any::<u64>())).prop_map(
            |(topic, from_beginning, interval, limit)| Statement::Print(Print {
                topic,
                from_beginning,
                interval,
                limit,
            })
        ),
        1 => (source_name(), any::<bool>())
            .prop_map(|(source, is_extended)| Statement::Describe { source, is_extended }),
        1 => (kind(), source_name(), any::<bool>(), any::<bool>()).prop_map(
            |(kind, name, if_exists, delete_topic)| Statement::DropSource(DropSource {
                kind,
                name,
                if_exists,
                delete_topic,
            })
        ),
        1 => (kind(), source_name(), vec((name(), type_name()), 1..3)).prop_map(
            |(kind, name, columns)| Statement::AlterSource(AlterSource {
                kind,
                name,
                columns,
            })
        ),
    ]
    .boxed()
}

/// Statements about everything else.
fn of_the_rest() -> BoxedStrategy<Statement> {
    let variable = || "[A-Z_][A-Z0-9_@]{0,6}".prop_map(ident);
    prop_oneof![
        1 => show().prop_map(Statement::Show),
        1 => name().prop_map(|name| Statement::DescribeFunction { name }),
        1 => (name(), any::<bool>(), type_name()).prop_map(|(name, if_not_exists, definition)| {
            Statement::CreateType {
                name,
                if_not_exists,
                definition,
            }
        }),
        1 => (name(), any::<bool>()).prop_map(|(name, if_exists)| Statement::DropType { name, if_exists }),
        1 => query_target().prop_map(Statement::Terminate),
        1 => query_target().prop_map(Statement::Pause),
        1 => query_target().prop_map(Statement::Resume),
        1 => (text(), text()).prop_map(|(name, value)| Statement::Set { name, value }),
        1 => text().prop_map(|name| Statement::Unset { name }),
        1 => (text(), text()).prop_map(|(name, value)| Statement::AlterSystem { name, value }),
        1 => (variable(), text()).prop_map(|(name, value)| Statement::Define { name, value }),
        1 => variable().prop_map(|name| Statement::Undefine { name }),
        1 => text().prop_map(|path| Statement::RunScript { path }),
        6 => assertion(),
        1 => proptest::sample::select(
            &["CREATE CONNECTOR", "DROP CONNECTOR", "DESCRIBE CONNECTOR", "SHOW CONNECTORS"][..]
        )
        .prop_map(|statement| Statement::Connector { statement }),
        1 => name().prop_map(|id| Statement::Explain(Explain::Query(id))),
    ]
    .boxed()
}

fn statement() -> BoxedStrategy<Statement> {
    let any_but_explain = || {
        prop_oneof![of_data(), of_the_rest()]
            .prop_filter("EXPLAIN explains no EXPLAIN", |statement| {
                !matches!(statement, Statement::Explain(_))
            })
    };
    prop_oneof![
        5 => of_data(),
        4 => of_the_rest(),
        1 => any_but_explain()
            .prop_map(|inner| Statement::Explain(Explain::Statement(Box::new(inner)))),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_expression_that_is_printed_is_read_as_the_same_tree(tree in expression()) {
        let printed = tree.to_string();
        let again = parse_expression(&printed);
        prop_assert!(again.is_ok(), "{}\n{:?}", printed, again);
        prop_assert_eq!(again.unwrap(), tree, "{}", printed);
    }

    #[test]
    fn a_statement_that_is_printed_is_read_as_the_same_tree(tree in statement()) {
        let printed = tree.to_string();
        let again = parse_statement(&printed, &Variables::default());
        prop_assert!(again.is_ok(), "{}\n{:?}", printed, again.map(|parsed| parsed.statement));
        prop_assert_eq!(again.unwrap().statement, tree, "{}", printed);
    }
}
