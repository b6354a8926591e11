package weir.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/**
 * The rule in Kafka Streams with Jackson: {@code Streams SERVERS SOURCE SINK APPLICATION_ID STATE_DIR}, until it is told to stop.
 *
 * <p>Prints {@code first SECONDS} with the first record and {@code alert SECONDS} with the alert: the CPU seconds of this process
 * so far. What is spent before the first record is the start of the JVM and of Streams.
 */
public final class Streams {
    private static boolean hasBegun;

    private Streams() {}

    public static void main(String[] arguments) throws InterruptedException {
        String source = arguments[1];
        String sink = arguments[2];
        Properties properties = new Properties();
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[3]);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, arguments[4]);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");

        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(source, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
                .mapValues(Streams::alert)
                .filter((key, alert) -> alert != null)
                .to(sink, Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));

        KafkaStreams streams = new KafkaStreams(builder.build(), properties);
        CountDownLatch stopped = new CountDownLatch(1);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.ERROR) {
                stopped.countDown();
            }
        });
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
        stopped.await();
        System.exit(1);
    }

    private static byte[] alert(byte[] event) {
        // The one stream thread is the only one that comes here.
        if (!hasBegun) {
            hasBegun = true;
            say("first");
        }
        byte[] alert = Rule.alert(event);
        if (alert != null) {
            say("alert");
        }
        return alert;
    }

    private static void say(String what) {
        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        System.out.printf(Locale.ROOT, "%s %.3f%n", what, process.getProcessCpuTime() / 1e9);
        System.out.flush();
    }
}
