"""An object store that speaks S3, in this machine's memory: prints its port, and ends with its standard input."""

import sys

import boto3
from moto.server import ThreadedMotoServer

# what the server says of itself is not the port
said, sys.stdout = sys.stdout, sys.stderr
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
_, port = server.get_host_and_port()
address = f"http://127.0.0.1:{port}"
keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
boto3.client("s3", endpoint_url=address, **keys).create_bucket(Bucket="county")
print(port, file=said, flush=True)
sys.stdin.read()
server.stop()
