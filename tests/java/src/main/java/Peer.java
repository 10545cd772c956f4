import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.apache.seatunnel.engine.checkpoint.storage.PipelineState;
import org.apache.seatunnel.engine.checkpoint.storage.api.CheckpointStorage;
import org.apache.seatunnel.engine.checkpoint.storage.api.CheckpointStorageFactory;
import org.apache.seatunnel.engine.checkpoint.storage.exception.CheckpointStorageException;

/**
 * A storage plugin of the Java engine, driven from outside.
 *
 * <p>Arguments: the plugin's name, then {@code key=value} for its configuration. Each line of
 * standard input is one call, its fields separated by tabs; the answer is {@code ok}, the number of
 * lines that follow, and those lines; or {@code error} and what was thrown. States are in
 * hexadecimal, {@code null} if there are none.
 */
public final class Peer {
    private static final HexFormat HEX = HexFormat.of();

    private final CheckpointStorage storage;

    private Peer(CheckpointStorage storage) {
        this.storage = storage;
    }

    /** Opens the plugin and answers until the input ends. */
    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        // Whatever a library prints must not end up among the answers.
        System.setOut(System.err);
        Peer peer = new Peer(open(arguments));
        BufferedReader calls =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = calls.readLine(); line != null; line = calls.readLine()) {
            answer(answers, peer, line.split("\t", -1));
            answers.flush();
        }
    }

    private static CheckpointStorage open(String[] arguments) throws CheckpointStorageException {
        // The plugins remove from it what they have understood.
        Map<String, String> config = new HashMap<>();
        for (String pair : Arrays.asList(arguments).subList(1, arguments.length)) {
            String[] parts = pair.split("=", 2);
            config.put(parts[0], parts[1]);
        }
        for (CheckpointStorageFactory factory : ServiceLoader.load(CheckpointStorageFactory.class)) {
            if (factory.factoryIdentifier().equals(arguments[0])) {
                return factory.create(config);
            }
        }
        throw new IllegalArgumentException("no plugin " + arguments[0]);
    }

    private static void answer(PrintStream answers, Peer peer, String[] call) {
        List<String> lines;
        try {
            lines = peer.call(call);
        } catch (CheckpointStorageException | RuntimeException thrown) {
            answers.print("error\t" + thrown.toString().replaceAll("\\s+", " ") + "\n");
            return;
        }
        answers.print("ok\t" + lines.size() + "\n");
        for (String line : lines) {
            answers.print(line + "\n");
        }
    }

    private List<String> call(String[] call) throws CheckpointStorageException {
        String job = call[1];
        switch (call[0]) {
            case "store":
                return List.of(storage.storeCheckPoint(state(call)));
            case "all":
                return shown(storage.getAllCheckpoints(job));
            case "pipeline":
                return shown(storage.getCheckpointsByJobIdAndPipelineId(job, call[2]));
            case "latest":
                return shown(storage.getLatestCheckpoint(job));
            case "latest-of-pipeline":
                return shown(storage.getLatestCheckpointByJobIdAndPipelineId(job, call[2]));
            case "get":
                return shown(storage.getCheckpoint(job, call[2], call[3]));
            case "delete":
                List<String> checkpoints = Arrays.asList(call).subList(3, call.length);
                storage.deleteCheckpoint(job, call[2], checkpoints);
                return List.of();
            case "delete-job":
                storage.deleteCheckpoint(job);
                return List.of();
            default:
                throw new IllegalArgumentException("no call " + call[0]);
        }
    }

    private static PipelineState state(String[] call) {
        return PipelineState.builder()
                .jobId(call[1])
                .pipelineId(Integer.parseInt(call[2]))
                .checkpointId(Long.parseLong(call[3]))
                .states(call[4].equals("null") ? null : HEX.parseHex(call[4]))
                .build();
    }

    private static List<String> shown(PipelineState state) {
        return state == null ? List.of() : shown(List.of(state));
    }

    private static List<String> shown(List<PipelineState> states) {
        return states.stream().map(Peer::shownAsLine).toList();
    }

    private static String shownAsLine(PipelineState state) {
        byte[] states = state.getStates();
        return String.join(
                "\t",
                state.getJobId(),
                Integer.toString(state.getPipelineId()),
                Long.toString(state.getCheckpointId()),
                states == null ? "null" : HEX.formatHex(states));
    }
}
