//! How Astrid's runtime asks a capsule for its tools, and calls them: the canonical ABI of the
//! world in wit, by hand. It is the same for every capsule; the tools are in capsule.zig.

const std = @import("std");
const tools = @import("root").tools;

const Allocator = std.mem.Allocator;

pub const Tool = struct {
    name: []const u8,
    description: []const u8,
    input_schema: []const u8, // JSON
    call: *const fn (Allocator, std.json.Value) anyerror![]const u8,
};

/// tool makes a tool of a function from arguments, read from JSON, to a value, written as JSON.
pub fn tool(name: []const u8, description: []const u8, input_schema: []const u8, comptime run: anytype) Tool {
    const Arguments = @FieldType(std.meta.ArgsTuple(@TypeOf(run)), "1");
    return .{ .name = name, .description = description, .input_schema = input_schema, .call = struct {
        fn call(allocator: Allocator, given: std.json.Value) anyerror![]const u8 {
            const arguments = try std.json.parseFromValueLeaky(Arguments, allocator, given, .{ .ignore_unknown_fields = true });
            return std.json.Stringify.valueAlloc(allocator, try run(allocator, arguments), .{});
        }
    }.call };
}

/// What the runtime is told: what to do next, and JSON for whoever asked.
const Answer = struct { action: []const u8, data: ?[]const u8 = null };

fn answer(allocator: Allocator, action: []const u8, payload: []const u8) !Answer {
    if (std.mem.eql(u8, action, "tool_describe")) return describe(allocator);
    inline for (tools) |t| {
        if (std.mem.eql(u8, action, "tool_execute_" ++ t.name)) return execute(allocator, t, payload);
    }
    return error.ThereIsNoSuchTool;
}

/// Whoever asked reads the answer from the topic; the runtime reads what is returned.
fn describe(allocator: Allocator) !Answer {
    var list: std.ArrayList([]const u8) = .empty;
    inline for (tools) |t| {
        const about = .{ std.json.fmt(t.name, .{}), std.json.fmt(t.description, .{}), t.input_schema };
        try list.append(allocator, try std.fmt.allocPrint(allocator, "{{\"name\":{f},\"description\":{f},\"input_schema\":{s}}}", about));
    }
    const joined = try std.mem.join(allocator, ",", list.items);
    const json = try std.fmt.allocPrint(allocator, "{{\"tools\":[{s}],\"description\":\"\"}}", .{joined});
    try publish("tool.v1.response.describe.self", json);
    return .{ .action = "continue", .data = json };
}

/// The result goes out on a topic of its own: content is the JSON that the tool made, or the
/// name of its error.
fn execute(allocator: Allocator, comptime t: Tool, payload: []const u8) !Answer {
    const Call = struct { call_id: []const u8, arguments: std.json.Value = .null };
    const call = try std.json.parseFromSliceLeaky(Call, allocator, payload, .{ .ignore_unknown_fields = true });
    var failed = false;
    const content = t.call(allocator, call.arguments) catch |err| failure: {
        failed = true;
        break :failure @errorName(err);
    };
    const result = .{ .type = "tool_execute_result", .call_id = call.call_id, .result = .{ .call_id = call.call_id, .content = content, .is_error = failed } };
    try publish("tool.v1.execute." ++ t.name ++ ".result", try std.json.Stringify.valueAlloc(allocator, result, .{}));
    return .{ .action = "continue" };
}

fn publish(topic: []const u8, json: []const u8) !void {
    var result: Published = undefined;
    host.publish(topic.ptr, topic.len, json.ptr, json.len, &result);
    if (result.failed != 0) return error.TheRuntimeRefusesToPublish;
}

/// result<_, error-code> as it lies in memory; only whether there is an error matters here.
const Published = extern struct { failed: u8, code: [15]u8 align(4) };

const host = struct {
    extern "astrid:ipc/host@1.0.0" fn publish([*]const u8, usize, [*]const u8, usize, *Published) void;
};

/// capsule-result as it lies in memory.
const Record = extern struct { action: [*]const u8, action_len: usize, has_data: u8, data: [*]const u8, data_len: usize };

var record: Record = undefined;
var arena: std.heap.ArenaAllocator = .init(std.heap.wasm_allocator);

/// The caller asks for memory, writes the arguments there, and reads the result from the address
/// that trigger returns.
export fn cabi_realloc(old: [*]u8, old_size: usize, alignment: usize, size: usize) [*]u8 {
    if (size == 0) return @ptrFromInt(alignment);
    const block = arena.allocator().alignedAlloc(u8, .@"16", size) catch @trap();
    @memcpy(block[0..@min(old_size, size)], old[0..@min(old_size, size)]);
    return block.ptr;
}

fn trigger(action: [*]const u8, action_len: usize, payload: [*]const u8, payload_len: usize) callconv(.c) *Record {
    const name = action[0..action_len];
    const made = answer(arena.allocator(), name, payload[0..payload_len]) catch |err| Answer{ .action = "deny", .data = @errorName(err) };
    const data = made.data orelse "";
    record = .{ .action = made.action.ptr, .action_len = made.action.len, .has_data = @intFromBool(made.data != null), .data = data.ptr, .data_len = data.len };
    return &record;
}

fn after(_: *Record) callconv(.c) void {
    _ = arena.reset(.retain_capacity);
}

comptime {
    @export(&trigger, .{ .name = "astrid-hook-trigger" });
    @export(&after, .{ .name = "cabi_post_astrid-hook-trigger" });
    // The world in wit, of which astrid-dev and astrid-build make a component.
    @setEvalBranchQuota(1_000_000);
    var section: []const u8 = ".section \".custom_section.component-type:capsule\",\"\",@\n";
    for (@embedFile("world.bin")) |byte| section = section ++ std.fmt.comptimePrint(".byte {d}\n", .{byte});
    asm (section);
}
