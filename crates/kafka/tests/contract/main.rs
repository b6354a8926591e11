//! What every broker does, whichever it is. Each case is written once, in `topics`, `records`, `positions`, `waiting`,
//! `groups` and `transactions`, over a [`Fixture`]; each broker has a file that makes one and names the cases.
//!
//! A case makes topics of its own names and looks only at these, so that it may run against a cluster that others use.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod fixture;
mod groups;
mod positions;
mod records;
mod topics;
mod transactions;
mod waiting;

mod cluster;
mod embedded;
mod memory;

/// Makes a test of each case for one broker: `contract!(factory)`, where `factory` is an
/// `async fn() -> Option<Fixture>`. `None` means that this broker is not there: the factory has said so in a line.
macro_rules! contract {
    ($factory:path) => {
        crate::contract! { @module $factory, topics:
            a_topic_is_created_described_and_listed
            a_topic_that_exists_is_not_created_again
            a_topic_that_does_not_exist_is_unknown
            a_topic_made_again_has_another_id_and_no_records
            names_and_settings_that_kafka_refuses_are_refused
            partitions_are_added_and_never_taken_away
            the_cluster_keeps_its_id
        }
        crate::contract! { @records $factory }
        crate::contract! { @module $factory, positions:
            an_empty_topic_starts_and_ends_at_zero
            reading_starts_in_the_middle
            seek_goes_back_and_forth
            a_position_outside_the_log_is_out_of_range
            offsets_by_time
            offsets_of_unknown_partitions_are_unknown
            retention_by_size_moves_the_start_or_keeps_all
        }
        crate::contract! { @module $factory, waiting:
            a_reader_that_waits_is_woken
            a_wait_may_be_endless
            a_partition_is_not_assigned_twice
            nothing_comes_of_an_empty_wait
            a_wait_that_is_dropped_loses_nothing
            many_partitions_in_one_reader
            two_readers_see_the_same
            a_partition_added_later_is_read_from_its_start
            a_reader_of_a_deleted_topic_is_told
            a_reader_of_no_topic_is_told
            a_bad_position_does_not_starve_the_other_partitions
        }
        crate::contract! { @module $factory, groups:
            offsets_of_a_group_make_it_visible
            joining_a_group_is_not_supported_yet
        }
        crate::contract! { @module $factory, transactions:
            committed_and_aborted_ones_alternate_and_one_stays_open
            real_events_committed_aborted_and_open
        }
    };
    // What a broker does to records, for brokers that can do it in several ways.
    (@records $factory:path) => {
        crate::contract! { @module $factory, records:
            records_come_back_in_order
            null_and_empty_are_kept_apart
            headers_keep_their_order_and_repeats
            a_timestamp_before_1970_is_kept
            log_append_time_is_the_brokers
            a_record_of_a_megabyte_is_refused_by_default_and_taken_where_allowed
            a_batch_that_is_too_large_leaves_nothing_behind
            a_write_to_no_topic_is_unknown
            what_two_writers_write_stands_there_once
        }
    };
    (@module $factory:path, $module:ident: $($case:ident)+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(fixture) = $factory().await {
                        crate::$module::$case(&fixture).await;
                        fixture.close().await;
                    }
                }
            )+
        }
    };
}
pub(crate) use contract;
