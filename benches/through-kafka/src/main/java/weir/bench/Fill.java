package weir.bench;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.zip.GZIPInputStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Makes a topic of one partition and fills it: {@code Fill SERVERS TOPIC COMPRESSION EVENTS COUNT CASE SINK…}.
 *
 * <p>A file of events, again and again, up to the count, then the case. The batches are those of Winlogbeat's Kafka output: up to
 * 2,048 events or a million bytes before compression, gzip at level 4, no key. The sinks are made too, so that no run pays for it.
 * Prints {@code EVENTS BYTES BATCHES}, the case not counted.
 */
public final class Fill {
    private static final int BATCH_EVENTS = 2048;
    private static final int BATCH_BYTES = 1_000_000;
    /** What a record takes in a batch besides its value, at most. */
    private static final int RECORD_OVERHEAD = 32;

    private final Producer<byte[], byte[]> producer;
    private final String topic;
    private final List<Future<RecordMetadata>> waiting = new ArrayList<>();
    private int waitingBytes;
    private long batches;

    private Fill(Producer<byte[], byte[]> producer, String topic) {
        this.producer = producer;
        this.topic = topic;
    }

    public static void main(String[] arguments) throws Exception {
        String servers = arguments[0];
        String topic = arguments[1];
        List<byte[]> events = lines(Path.of(arguments[3]));
        long count = Long.parseLong(arguments[4]);
        List<byte[]> last = lines(Path.of(arguments[5]));
        check(events, last);
        createTopics(servers, List.of(arguments).subList(6, arguments.length), topic);
        long bytes = 0;
        long batches;
        try (Producer<byte[], byte[]> producer = producer(servers, arguments[2])) {
            Fill fill = new Fill(producer, topic);
            for (long sent = 0; sent < count; sent++) {
                byte[] event = events.get((int) (sent % events.size()));
                bytes += event.length;
                fill.send(event);
            }
            fill.flush();
            batches = fill.batches;
            for (byte[] event : last) {
                fill.send(event);
            }
            fill.flush();
        }
        System.out.println(count + " " + bytes + " " + batches);
    }

    /** The run ends with the one alert: no event before it may give one. */
    private static void check(List<byte[]> events, List<byte[]> last) {
        long matching = events.stream().filter(event -> Rule.alert(event) != null).count();
        if (events.isEmpty() || matching > 0) {
            throw new IllegalArgumentException(
                    "of " + events.size() + " events " + matching + " match the rule: expected events of which none does");
        }
        long alerts = last.stream().filter(event -> Rule.alert(event) != null).count();
        if (alerts != 1 || Rule.alert(last.get(last.size() - 1)) == null) {
            throw new IllegalArgumentException("the case gives " + alerts + " alerts: expected one, with its last event");
        }
    }

    private static void createTopics(String servers, List<String> sinks, String source) throws Exception {
        List<NewTopic> topics = new ArrayList<>();
        topics.add(new NewTopic(source, 1, (short) 1).configs(Map.of("retention.ms", "-1")));
        sinks.forEach(sink -> topics.add(new NewTopic(sink, 1, (short) 1)));
        try (Admin admin = Admin.create(Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers))) {
            admin.createTopics(topics).all().get();
        }
    }

    private static Producer<byte[], byte[]> producer(String servers, String compression) {
        Properties properties = new Properties();
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, compression);
        properties.put(ProducerConfig.COMPRESSION_GZIP_LEVEL_CONFIG, 4);
        // A batch leaves when it is flushed, not before: how full it is is decided here, by the bytes before compression.
        properties.put(ProducerConfig.BATCH_SIZE_CONFIG, 4 * BATCH_BYTES);
        properties.put(ProducerConfig.LINGER_MS_CONFIG, 60_000);
        return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private void send(byte[] event) throws ExecutionException, InterruptedException {
        int size = event.length + RECORD_OVERHEAD;
        if (waiting.size() == BATCH_EVENTS || waitingBytes + size > BATCH_BYTES) {
            flush();
        }
        waiting.add(producer.send(new ProducerRecord<>(topic, event)));
        waitingBytes += size;
    }

    private void flush() throws ExecutionException, InterruptedException {
        if (waiting.isEmpty()) {
            return;
        }
        producer.flush();
        for (Future<RecordMetadata> sent : waiting) {
            sent.get();
        }
        waiting.clear();
        waitingBytes = 0;
        batches++;
    }

    private static List<byte[]> lines(Path file) throws IOException {
        List<byte[]> lines = new ArrayList<>();
        try (InputStream input = open(file)) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int next = input.read(); next >= 0; next = input.read()) {
                if (next != '\n') {
                    line.write(next);
                } else if (line.size() > 0) {
                    lines.add(line.toByteArray());
                    line.reset();
                }
            }
            if (line.size() > 0) {
                lines.add(line.toByteArray());
            }
        }
        return lines;
    }

    private static InputStream open(Path file) throws IOException {
        InputStream input = Files.newInputStream(file);
        boolean isPacked = file.getFileName().toString().endsWith(".gz");
        return new BufferedInputStream(isPacked ? new GZIPInputStream(input, 1 << 16) : input, 1 << 16);
    }
}
