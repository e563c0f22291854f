"""Checks attestations with the implementations of the in-toto project.

usage: check.py FILE PUBLIC-KEY: prints the name and the SHA-256 of every subject, or fails.
"""
import hashlib
import json
import sys

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

with open(sys.argv[2], "rb") as f:
    public = load_pem_public_key(f.read())
der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
key = SSlibKey.from_crypto(public, hashlib.sha256(der).hexdigest())
with open(sys.argv[1], encoding="utf-8") as f:
    for line in f:
        envelope = Envelope.from_dict(json.loads(line))
        envelope.verify([key], 1)
        message = json_format.Parse(envelope.payload, statement_pb2.Statement())
        Statement.copy_from_pb(message).validate()
        json_format.ParseDict(json.loads(envelope.payload)["predicate"], provenance_pb2.Provenance())
        for subject in message.subject:
            print(subject.name, subject.digest["sha256"])
