//! A capsule with one tool. It turns a text's words round: "one two" becomes "two one".

const std = @import("std");
const contract = @import("contract.zig");

/// The tools. Each has a route in [subscribe] of Capsule.toml.
pub const tools = .{
    contract.tool("reverse_words", "Turns the words of a text round.",
        \\{"type":"object","properties":{"text":{"type":"string","description":"Whose words."}},"required":["text"]}
    , reverseWords),
};

/// What is allocated is freed when the call is over. An error is the tool's.
fn reverseWords(allocator: std.mem.Allocator, arguments: struct { text: []const u8 }) ![]const u8 {
    var words: std.ArrayList([]const u8) = .empty;
    var rest = std.mem.tokenizeAny(u8, arguments.text, " \t\r\n");
    while (rest.next()) |word| try words.append(allocator, word);
    std.mem.reverse([]const u8, words.items);
    return std.mem.join(allocator, " ", words.items);
}

comptime {
    _ = contract;
}
