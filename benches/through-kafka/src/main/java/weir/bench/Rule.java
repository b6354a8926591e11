package weir.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/**
 * {@code rules/antivirus_enumeration.sql} by hand, with Weir's logic: LIKE of a missing text is FALSE, its NOT is TRUE, {@code %}
 * and {@code _} match any character.
 */
final class Rule {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Rule() {}

    /** The alert for an event, or {@code null}: the whole way of a record, from bytes to bytes. */
    static byte[] alert(byte[] event) {
        JsonNode root = parse(event);
        JsonNode data = root.path("winlog").path("event_data");
        String commandLine = text(data.path("CommandLine"));
        String parent = text(data.path("ParentProcessName"));
        return matches(commandLine, parent) ? row(text(root.path("host").path("hostname")), commandLine, parent) : null;
    }

    private static boolean matches(String commandLine, String parent) {
        return ((contains(commandLine, "AntiSpywareProduct")
                                || contains(commandLine, "AntiVirusProduct")
                                || contains(commandLine, "FirewallProduct"))
                        && !(endsWith(parent, "phpstorm64.exe") || endsWith(parent, "pycharm64.exe"))
                        && contains(commandLine, "displayName")
                        && contains(commandLine, "productState"))
                || (containsWithOneBetween(commandLine, "Win32", "Process")
                        && contains(commandLine, "AvastUI.exe")
                        && contains(commandLine, "AvastSvc.exe")
                        && contains(commandLine, "FortiWF.exe")
                        && contains(commandLine, "xagt.exe")
                        && contains(commandLine, "fcappdb.exe"));
    }

    private static boolean contains(String text, String part) {
        return text != null && text.contains(part);
    }

    private static boolean endsWith(String text, String end) {
        return text != null && text.endsWith(end);
    }

    /** {@code LIKE '%before_after%'}: the {@code _} is any one character, be it of two UTF-16 units. */
    private static boolean containsWithOneBetween(String text, String before, String after) {
        if (text == null) {
            return false;
        }
        for (int at = text.indexOf(before); at >= 0; at = text.indexOf(before, at + 1)) {
            int between = at + before.length();
            if (between < text.length()
                    && text.startsWith(after, between + Character.charCount(text.codePointAt(between)))) {
                return true;
            }
        }
        return false;
    }

    /** A VARCHAR: any JSON value but null as its text. */
    private static String text(JsonNode node) {
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        return node.isTextual() ? node.textValue() : node.toString();
    }

    private static byte[] row(String host, String commandLine, String parent) {
        ObjectNode row = JSON.createObjectNode();
        row.put("HOST", host);
        row.put("COMMANDLINE", commandLine);
        row.put("PARENTIMAGE", parent);
        try {
            return JSON.writeValueAsBytes(row);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static JsonNode parse(byte[] event) {
        try {
            return JSON.readTree(event);
        } catch (IOException error) {
            throw new IllegalArgumentException("an event is no JSON: " + error.getMessage(), error);
        }
    }
}
