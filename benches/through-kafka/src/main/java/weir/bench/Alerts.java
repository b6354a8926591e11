package weir.bench;

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Looks at a sink, from its first record: {@code Alerts SERVERS TOPIC first SECONDS} prints {@code waiting} when it looks, then the
 * first value that comes, and ends; with status 1 if none does. {@code Alerts SERVERS TOPIC all} prints what is there.
 */
public final class Alerts {
    private Alerts() {}

    public static void main(String[] arguments) {
        TopicPartition sink = new TopicPartition(arguments[1], 0);
        Properties properties = new Properties();
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        try (Consumer<byte[], String> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(sink));
            consumer.seekToBeginning(List.of(sink));
            boolean isDone = arguments[2].equals("all")
                    ? printAll(consumer, sink)
                    : printFirst(consumer, Duration.ofSeconds(Long.parseLong(arguments[3])));
            System.exit(isDone ? 0 : 1);
        }
    }

    private static boolean printFirst(Consumer<byte[], String> consumer, Duration patience) {
        // The connection is made and the partition found before the clock of a run starts.
        consumer.poll(Duration.ofMillis(200));
        System.out.println("waiting");
        System.out.flush();
        long end = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() < end) {
            for (ConsumerRecord<byte[], String> record : consumer.poll(Duration.ofSeconds(1))) {
                System.out.println(record.value());
                System.out.flush();
                return true;
            }
        }
        return false;
    }

    private static boolean printAll(Consumer<byte[], String> consumer, TopicPartition sink) {
        long end = consumer.endOffsets(List.of(sink)).get(sink);
        while (consumer.position(sink) < end) {
            consumer.poll(Duration.ofSeconds(1)).forEach(record -> System.out.println(record.value()));
        }
        return true;
    }
}
