"""A machine of BuildGrid's: it runs the commands that its scheduler hands out, one after another, each in
a folder of its own that holds what the action names and nothing else. Arguments: the server's address, a name."""

import io
import os
import subprocess
import sys
import tempfile

import grpc
from buildgrid._protos.build.bazel.remote.execution.v2 import remote_execution_pb2 as re
from buildgrid._protos.google.devtools.remoteworkers.v1test2 import bots_pb2, bots_pb2_grpc, worker_pb2
from buildgrid.server.client.cas import download, upload

PENDING, ACTIVE, COMPLETED = 1, 2, 4  # states of a lease
OK = 1  # of a machine


def run(channel, action):
    """The result of an action, whose outputs are the server's then."""
    with download(channel, "") as cas, tempfile.TemporaryDirectory() as root:
        command = cas.get_message(action.command_digest, re.Command())
        cas.download_directory(action.input_root_digest, root)
        cas.flush()
        work = os.path.join(root, command.working_directory)
        os.makedirs(work, exist_ok=True)
        for path in command.output_paths:
            os.makedirs(os.path.dirname(os.path.join(work, path)), exist_ok=True)
        ended = subprocess.run(
            list(command.arguments),
            cwd=work,
            env={v.name: v.value for v in command.environment_variables},
            capture_output=True,
            timeout=action.timeout.seconds or None,
        )
        result = re.ActionResult(exit_code=ended.returncode)
        with upload(channel, "") as to:
            result.stdout_digest.CopyFrom(to.put_blob(io.BytesIO(ended.stdout)))
            result.stderr_digest.CopyFrom(to.put_blob(io.BytesIO(ended.stderr)))
            for path in command.output_paths:
                at = os.path.join(work, path)
                if os.path.isdir(at):
                    result.output_directories.add(path=path, tree_digest=to.upload_tree(at, queue=False))
                elif os.path.exists(at):
                    result.output_files.add(path=path, digest=to.upload_file(at, queue=False), is_executable=os.access(at, os.X_OK))
    return result


def main(address, name):
    channel = grpc.insecure_channel(address)
    bots = bots_pb2_grpc.BotsStub(channel)
    device = worker_pb2.Device(handle=name, properties=[worker_pb2.Device.Property(key="os", value="Linux")])
    session = bots_pb2.BotSession(bot_id=name, status=OK, worker=worker_pb2.Worker(devices=[device]))
    session = bots.CreateBotSession(bots_pb2.CreateBotSessionRequest(parent="", bot_session=session), timeout=20)
    while True:
        for lease in session.leases:
            if lease.state == PENDING:
                lease.state = ACTIVE
            elif lease.state == ACTIVE:
                action = re.Action()
                if not lease.payload.Unpack(action):
                    raise ValueError("a lease of " + lease.payload.type_url)
                lease.result.Pack(run(channel, action))
                lease.state = COMPLETED
        session = bots.UpdateBotSession(bots_pb2.UpdateBotSessionRequest(name=session.name, bot_session=session), timeout=20)


main(*sys.argv[1:])
