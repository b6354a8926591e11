//! Groups have offsets without members.

use weir_kafka::{ErrorKind, Subscription, TopicPartition};

use crate::fixture::{Fixture, value};

pub async fn offsets_of_a_group_make_it_visible(fixture: &Fixture) {
    let topic = fixture.topic("b", 2).await;
    let other = fixture.partition("a").await;
    let first = TopicPartition::new(topic.name.as_str(), 0);
    let second = TopicPartition::new(topic.name.as_str(), 1);
    fixture.write(&first, vec![value("v"); 5]).await;
    let group = fixture.name("group");
    let (broker, find) = (&fixture.broker, async || {
        let groups = fixture.broker.consumer_groups().await.unwrap();
        let mut groups = groups.into_iter();
        groups.find(|found| found.id == group)
    });
    assert_eq!(find().await, None);
    let positions = [(first.clone(), 3), (second, 0)];
    broker.set_group_offsets(&group, &positions).await.unwrap();
    let found = find().await.expect("it has offsets now");
    assert_eq!((found.members, found.topics), (0, vec![topic.name.clone()]));
    // What was set stays when more is set.
    let positions = [(other.clone(), 0), (first, 5)];
    broker.set_group_offsets(&group, &positions).await.unwrap();
    let mut topics = find().await.expect("it has more offsets now").topics;
    topics.sort();
    assert_eq!(topics, [other.topic.to_string(), topic.name]);
}

pub async fn joining_a_group_is_not_supported_yet(fixture: &Fixture) {
    let topic = fixture.topic("t", 1).await;
    let joined = Subscription::Join {
        group: fixture.name("group"),
        topics: vec![topic.name],
    };
    let refused = fixture.broker.reader(joined).await;
    let error = refused.err().expect("groups come later");
    assert_eq!(error.kind, ErrorKind::Unsupported);
}
