const std = @import("std");

pub fn build(b: *std.Build) void {
    const capsule = b.addExecutable(.{
        .name = "hello_zig",
        .root_module = b.createModule(.{
            .root_source_file = b.path("src/capsule.zig"),
            .target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .freestanding }),
            .strip = false, // a trap names its line; astrid-dev publishes the module without
            .optimize = b.option(std.builtin.OptimizeMode, "optimize", "ReleaseSmall, if nothing is said") orelse .ReleaseSmall,
        }),
    });
    capsule.entry = .disabled; // a reactor: the runtime calls the exports in src/contract.zig
    capsule.rdynamic = true;
    b.installArtifact(capsule);
}
