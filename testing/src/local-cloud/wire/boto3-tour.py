"""Calls every service through boto3, errors and edge cases included, and prints the calls it made as JSON: boto3-tour.py <endpoint> <user data of a web worker>.

Written for boto3 1.26 (Debian 12) and later.
"""

import base64
import collections
import hashlib
import io
import json
import os
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, worker = sys.argv[1:]
calls = collections.Counter()
MIB = 2**20
# The next poll of a waiter: what AWS needs seconds for is done at once here.
SOON = {"Delay": 1, "MaxAttempts": 120}
IMAGE = "ami-0123456789abcdef0"


def client(name, **more):
    made = boto3.client(name, endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}, **more))
    made.meta.events.register("before-call", lambda model, **_: calls.update([name + "." + model.name]))
    return made


def refused(code, call, **parameters):
    """The call ends with the error code."""
    try:
        call(**parameters)
    except ClientError as error:
        found = error.response["Error"]["Code"]
        assert found == code, "%s instead of %s" % (found, code)
        return error
    raise AssertionError("%s expected" % code)


def eventually(what, ask, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError("not in time: " + what)


def fetch(url, data=None, method=None, headers=None):
    """Status and body of a plain HTTP request."""
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def post_form(url, fields, content):
    """A browser's upload by a form."""
    boundary = "----tour"
    parts = ["--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n" % (boundary, name, value) for name, value in fields.items()]
    head = "".join(parts) + "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\n\r\n" % boundary
    body = head.encode() + content + ("\r\n--%s--\r\n" % boundary).encode()
    return fetch(url, body, "POST", {"Content-Type": "multipart/form-data; boundary=" + boundary})


def tour_s3(folder):
    s3 = client("s3")
    bucket = {"Bucket": "boto"}
    key = "a b/\u00e4"
    s3.create_bucket(**bucket)
    s3.get_waiter("bucket_exists").wait(WaiterConfig=SOON, **bucket)
    refused("NoSuchBucket", s3.list_objects_v2, Bucket="not-there")

    put = s3.put_object(Key=key, Body=b"hello", Metadata={"k": "v"}, ContentType="text/plain", ServerSideEncryption="AES256", **bucket)
    assert put["ServerSideEncryption"] == "AES256" and put["ETag"] == '"%s"' % hashlib.md5(b"hello").hexdigest(), put
    got = s3.get_object(Key=key, **bucket)
    assert got["Body"].read() == b"hello" and got["Metadata"] == {"k": "v"} and got["ServerSideEncryption"] == "AES256", got
    part = s3.get_object(Key=key, Range="bytes=1-3", **bucket)
    assert part["Body"].read() == b"ell" and part["ContentRange"] == "bytes 1-3/5" and part["ResponseMetadata"]["HTTPStatusCode"] == 206, part
    assert s3.get_object(Key=key, Range="bytes=-2", **bucket)["Body"].read() == b"lo"
    refused("InvalidRange", s3.get_object, Key=key, Range="bytes=9-", **bucket)
    refused("304", s3.head_object, Key=key, IfNoneMatch=put["ETag"], **bucket)
    refused("PreconditionFailed", s3.get_object, Key=key, IfMatch='"other"', **bucket)
    refused("404", s3.head_object, Key="none", **bucket)
    refused("NoSuchKey", s3.get_object, Key="none", **bucket)

    summed = s3.put_object(Key="summed", Body=b"hello", ChecksumAlgorithm="SHA256", **bucket)
    assert summed["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"hello").digest()).decode(), summed
    assert s3.head_object(Key="summed", ChecksumMode="ENABLED", **bucket)["ChecksumSHA256"] == summed["ChecksumSHA256"]
    refused("BadDigest", s3.put_object, Key="bad", Body=b"hello", ContentMD5=base64.b64encode(hashlib.md5(b"other").digest()).decode(), **bucket)

    # In parts, several at a time, from and to a file.
    big = os.path.join(folder, "big.bin")
    with open(big, "wb") as file:
        file.write(os.urandom(MIB) * 20)
    in_parts = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=6 * MIB, max_concurrency=4)
    s3.upload_file(big, "boto", "big.bin", Config=in_parts, ExtraArgs={"Metadata": {"kind": "big"}})
    head = s3.head_object(Key="big.bin", **bucket)
    assert head["ContentLength"] == 20 * MIB and head["ETag"].endswith('-4"') and head["Metadata"] == {"kind": "big"}, head
    s3.copy({"Bucket": "boto", "Key": "big.bin"}, "boto", "copy.bin", Config=in_parts)
    s3.download_file("boto", "copy.bin", big + ".back", Config=in_parts)
    with open(big, "rb") as before, open(big + ".back", "rb") as after:
        assert before.read() == after.read()
    upload = s3.create_multipart_upload(Key="given-up", **bucket)["UploadId"]
    tag = s3.upload_part(Key="given-up", UploadId=upload, PartNumber=1, Body=b"small", **bucket)["ETag"]
    assert [each["ETag"] for each in s3.list_parts(Key="given-up", UploadId=upload, **bucket)["Parts"]] == [tag]
    assert [each["Key"] for each in s3.list_multipart_uploads(**bucket)["Uploads"]] == ["given-up"]
    wrong = {"Parts": [{"PartNumber": 1, "ETag": '"none"'}]}
    refused("InvalidPart", s3.complete_multipart_upload, Key="given-up", UploadId=upload, MultipartUpload=wrong, **bucket)
    s3.abort_multipart_upload(Key="given-up", UploadId=upload, **bucket)
    refused("NoSuchUpload", s3.list_parts, Key="given-up", UploadId=upload, **bucket)

    s3.copy_object(Key="copied", CopySource={"Bucket": "boto", "Key": key}, Metadata={"new": "yes"}, MetadataDirective="REPLACE", **bucket)
    assert s3.head_object(Key="copied", **bucket)["Metadata"] == {"new": "yes"}
    pages = list(s3.get_paginator("list_objects_v2").paginate(PaginationConfig={"PageSize": 2}, **bucket))
    assert [each["Key"] for page in pages for each in page["Contents"]] == [key, "big.bin", "copied", "copy.bin", "summed"] and len(pages) == 3
    grouped = s3.list_objects_v2(Delimiter="/", **bucket)
    assert grouped["CommonPrefixes"] == [{"Prefix": "a b/"}] and grouped["KeyCount"] == 5, grouped

    for version in ("s3v4", "s3"):
        signer = client("s3", signature_version=version)
        url = signer.generate_presigned_url("get_object", Params={"Key": key, "ResponseContentType": "text/x", **bucket})
        status, body, headers = fetch(url)
        assert (status, body, headers["content-type"]) == (200, b"hello", "text/x"), version
        assert fetch(url + "0")[0] == 403
        form = signer.generate_presigned_post("boto", "forms/${filename}", Fields={"acl": "private", "success_action_status": "201"}, Conditions=[{"acl": "private"}, {"success_action_status": "201"}, ["content-length-range", 1, 10]])
        assert post_form(form["url"], form["fields"], b"by form")[0] == 201, version
        assert s3.get_object(Key="forms/f.txt", **bucket)["Body"].read() == b"by form"
        status, body, _ = post_form(form["url"], form["fields"], b"longer than ten")
        assert status == 400 and b"EntityTooLarge" in body, body
        status, body, _ = post_form(form["url"], {**form["fields"], "x-amz-meta-more": "1"}, b"x")
        assert status == 403 and b"AccessDenied" in body, body
    url = client("s3", signature_version="s3v4").generate_presigned_url("put_object", Params={"Key": "by-address", "ContentType": "text/plain", **bucket})
    assert fetch(url, b"put", "PUT", {"Content-Type": "text/plain"})[0] == 200
    assert fetch(url, b"put", "PUT", {"Content-Type": "text/html"})[0] == 403
    assert fetch(endpoint + "/boto/by-address")[0] == 403

    s3.put_object(Key="cold", Body=b"brr", StorageClass="GLACIER", **bucket)
    refused("InvalidObjectState", s3.get_object, Key="cold", **bucket)
    restore = {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}
    assert s3.restore_object(Key="cold", RestoreRequest=restore, **bucket)["ResponseMetadata"]["HTTPStatusCode"] == 202
    eventually("restored", lambda: 'ongoing-request="false"' in s3.head_object(Key="cold", **bucket)["Restore"])
    assert s3.get_object(Key="cold", **bucket)["Body"].read() == b"brr"

    rule = {"AllowedMethods": ["GET", "POST"], "AllowedOrigins": ["http://localhost:8080"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 60}
    s3.put_bucket_cors(CORSConfiguration={"CORSRules": [rule]}, **bucket)
    assert s3.get_bucket_cors(**bucket)["CORSRules"] == [rule]
    s3.put_object_tagging(Key=key, Tagging={"TagSet": [{"Key": "kind", "Value": "a b"}]}, **bucket)
    assert s3.get_object_tagging(Key=key, **bucket)["TagSet"] == [{"Key": "kind", "Value": "a b"}]
    refused("NotImplemented", s3.put_bucket_versioning, VersioningConfiguration={"Status": "Enabled"}, **bucket)
    refused("BucketNotEmpty", s3.delete_bucket, **bucket)
    keys = [{"Key": each["Key"]} for each in s3.list_objects_v2(**bucket)["Contents"]]
    assert len(s3.delete_objects(Delete={"Objects": keys}, **bucket)["Deleted"]) == len(keys)
    s3.get_waiter("object_not_exists").wait(Key=key, WaiterConfig=SOON, **bucket)
    s3.delete_bucket(**bucket)
    assert s3.list_buckets()["Buckets"] == []


def tour_sqs(folder):
    sqs = client("sqs")
    dead = sqs.create_queue(QueueName="boto-dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "2"})
    url = sqs.create_queue(QueueName="boto", Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "30"})["QueueUrl"]
    assert sqs.get_queue_url(QueueName="boto")["QueueUrl"] == url
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    queue = {"QueueUrl": url}

    sqs.send_message(MessageBody="hi & <bye> \u00e4", MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}}, **queue)
    message = sqs.receive_message(MessageAttributeNames=["All"], AttributeNames=["All"], WaitTimeSeconds=1, **queue)["Messages"][0]
    assert message["Body"] == "hi & <bye> \u00e4" and message["MessageAttributes"]["a"]["StringValue"] == "b", message
    assert message["Attributes"]["ApproximateReceiveCount"] == "1", message
    assert "Messages" not in sqs.receive_message(**queue)
    for _ in range(2):
        sqs.change_message_visibility(ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0, **queue)
        received = sqs.receive_message(**queue).get("Messages", [])
        if received:
            message = received[0]
    moved = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=5)["Messages"]
    assert [each["Body"] for each in moved] == ["hi & <bye> \u00e4"], moved
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=moved[0]["ReceiptHandle"])

    entries = [{"Id": "m%d" % index, "MessageBody": str(index)} for index in range(10)]
    assert len(sqs.send_message_batch(Entries=entries, **queue)["Successful"]) == 10
    refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", sqs.send_message_batch, Entries=entries + [{"Id": "x", "MessageBody": "x"}], **queue)
    batch = sqs.receive_message(MaxNumberOfMessages=10, **queue)["Messages"]
    handles = [{"Id": each["MessageId"], "ReceiptHandle": each["ReceiptHandle"]} for each in batch]
    assert len(sqs.change_message_visibility_batch(Entries=[{"VisibilityTimeout": 60, **each} for each in handles], **queue)["Successful"]) == 10
    deleted = sqs.delete_message_batch(Entries=handles[:9] + [{"Id": "bad", "ReceiptHandle": "bad"}], **queue)
    assert len(deleted["Successful"]) == 9 and [each["Id"] for each in deleted["Failed"]] == ["bad"], deleted
    counts = sqs.get_queue_attributes(AttributeNames=["All"], **queue)["Attributes"]
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "1" and counts["ApproximateNumberOfMessages"] == "0", counts
    sqs.set_queue_attributes(Attributes={"VisibilityTimeout": "5"}, **queue)
    sqs.tag_queue(Tags={"owner": "gas"}, **queue)
    assert sqs.list_queue_tags(**queue)["Tags"] == {"owner": "gas"}
    sqs.purge_queue(**queue)
    try:
        sqs.get_queue_url(QueueName="none")
        raise AssertionError("none found")
    except sqs.exceptions.QueueDoesNotExist as error:
        assert error.response["Error"]["Code"].endswith("NonExistentQueue"), error.response
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix="boto", PaginationConfig={"PageSize": 1})
    assert [each for page in pages for each in page["QueueUrls"]] == [url, dead]
    for each in (url, dead):
        sqs.delete_queue(QueueUrl=each)


def tour_cloudwatch(folder):
    cloudwatch = client("cloudwatch")
    # More than 10 kB: newer clients compress that.
    many = [{"MetricName": "m%03d" % index, "Value": 1.5, "Dimensions": [{"Name": "d", "Value": "x" * 100}]} for index in range(200)]
    cloudwatch.put_metric_data(Namespace="Boto", MetricData=many)
    assert len(cloudwatch.list_metrics(Namespace="Boto", Dimensions=[{"Name": "d"}])["Metrics"]) == 200
    end = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    metric = {"Namespace": "Boto", "MetricName": "latency", "Dimensions": [{"Name": "page", "Value": "/"}]}
    datum = {"MetricName": "latency", "Dimensions": metric["Dimensions"], "Unit": "Milliseconds", "Timestamp": end - timedelta(minutes=2)}
    values = [float(value) for value in range(1, 101)]
    cloudwatch.put_metric_data(Namespace="Boto", MetricData=[{"Values": values, "Counts": [1.0] * 100, **datum}])
    window = {"StartTime": end - timedelta(minutes=5), "EndTime": end}
    plain = cloudwatch.get_metric_statistics(Period=60, Statistics=["Average", "Maximum", "SampleCount", "Sum"], Unit="Milliseconds", **metric, **window)["Datapoints"]
    assert [(each["Average"], each["Maximum"], each["SampleCount"], each["Sum"]) for each in plain] == [(50.5, 100, 100, 5050)], plain
    extended = cloudwatch.get_metric_statistics(Period=300, ExtendedStatistics=["p50", "p99"], **metric, **window)["Datapoints"][0]["ExtendedStatistics"]
    assert abs(extended["p50"] - 50) <= 1.5 and abs(extended["p99"] - 99) <= 2, extended
    query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p90"}}
    result = cloudwatch.get_metric_data(MetricDataQueries=[query], ScanBy="TimestampAscending", **window)["MetricDataResults"][0]
    assert result["Timestamps"] == [datum["Timestamp"]] and abs(result["Values"][0] - 90) <= 2, result
    refused("InvalidParameterValue", cloudwatch.get_metric_statistics, Period=7, Statistics=["Sum"], **metric, **window)
    refused("InvalidParameterValue", cloudwatch.put_metric_data, Namespace="AWS/EC2", MetricData=[{"MetricName": "m", "Value": 1}])


def tour_ec2_and_elbv2(folder):
    ec2, elb = client("ec2"), client("elbv2")
    assert len(ec2.describe_availability_zones()["AvailabilityZones"]) == 2
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
    tags = [{"Key": "Name", "Value": "boto"}]
    launch = {"ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 2, "ClientToken": "boto-1", "UserData": worker, "SubnetId": subnets[0], "Monitoring": {"Enabled": True}, "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}]}
    first = [each["InstanceId"] for each in ec2.run_instances(**launch)["Instances"]]
    assert [each["InstanceId"] for each in ec2.run_instances(**launch)["Instances"]] == first and len(first) == 2
    refused("IdempotentParameterMismatch", ec2.run_instances, **{**launch, "MaxCount": 1})
    refused("InvalidInstanceID.NotFound", ec2.describe_instances, InstanceIds=["i-0123456789abcdef0"])
    refused("InvalidInstanceID.Malformed", ec2.describe_instances, InstanceIds=["nonsense"])
    ec2.get_waiter("instance_running").wait(InstanceIds=first, WaiterConfig=SOON)
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=first, WaiterConfig=SOON)
    filters = [{"Name": "tag:Name", "Values": ["bo*"]}, {"Name": "instance-state-name", "Values": ["running"]}]
    found = [each for page in ec2.get_paginator("describe_instances").paginate(Filters=filters, PaginationConfig={"PageSize": 5}) for group in page["Reservations"] for each in group["Instances"]]
    assert sorted(each["InstanceId"] for each in found) == sorted(first) and {each["Monitoring"]["State"] for each in found} == {"enabled"}, found
    ec2.create_tags(Resources=first, Tags=[{"Key": "role", "Value": "web"}])
    assert len(ec2.describe_tags(Filters=[{"Name": "key", "Values": ["role"]}])["Tags"]) == 2
    ec2.delete_tags(Resources=first, Tags=[{"Key": "role"}])
    eventually("output", lambda: "started" in ec2.get_console_output(InstanceId=first[0]).get("Output", ""))

    balancer = elb.create_load_balancer(Name="boto", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="boto", Protocol="HTTP", Port=8000, VpcId="vpc-1", HealthCheckPath="/", HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2)["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": each} for each in first])
    unused = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"][0]["TargetHealth"]
    assert unused["State"] == "unused" and unused["Reason"] == "Target.NotInUse", unused
    made = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=free_port(), DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])["Listeners"][0]
    elb.get_waiter("target_in_service").wait(TargetGroupArn=group, WaiterConfig=SOON)
    assert fetch("http://127.0.0.1:%d/" % made["Port"])[:2] == (200, b"ok")
    assert elb.describe_load_balancers(Names=["boto"])["LoadBalancers"][0]["LoadBalancerArn"] == balancer
    assert elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"] == made["ListenerArn"]
    elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "1"}])
    attributes = {each["Key"]: each["Value"] for each in elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]}
    assert attributes["deregistration_delay.timeout_seconds"] == "1", attributes
    refused("TargetGroupNotFound", elb.describe_target_groups, Names=["none"])
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=group)

    ec2.stop_instances(InstanceIds=first[1:])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=first[1:], WaiterConfig=SOON)
    health = lambda: {each["Target"]["Id"]: each["TargetHealth"].get("Reason") for each in elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]}
    eventually("unused", lambda: health() == {first[0]: None, first[1]: "Target.InvalidState"})
    assert fetch("http://127.0.0.1:%d/" % made["Port"])[:2] == (200, b"ok")
    ec2.start_instances(InstanceIds=first[1:])
    ec2.get_waiter("instance_running").wait(InstanceIds=first[1:], WaiterConfig=SOON)
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": each} for each in first])
    elb.get_waiter("target_deregistered").wait(TargetGroupArn=group, Targets=[{"Id": each} for each in first], WaiterConfig=SOON)
    elb.delete_listener(ListenerArn=made["ListenerArn"])
    elb.delete_target_group(TargetGroupArn=group)
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    ec2.terminate_instances(InstanceIds=first)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=first, WaiterConfig=SOON)


def tour_glacier(folder):
    glacier = client("glacier")
    vault = {"vaultName": "boto"}
    glacier.create_vault(**vault)
    glacier.get_waiter("vault_exists").wait(WaiterConfig=SOON, **vault)
    content = os.urandom(3 * MIB + 5)
    archive = glacier.upload_archive(archiveDescription="three", body=content, **vault)
    refused("InvalidParameterValueException", glacier.upload_archive, body=b"x", checksum="0" * 64, **vault)
    job = glacier.initiate_job(jobParameters={"Type": "archive-retrieval", "ArchiveId": archive["archiveId"], "Tier": "Expedited"}, **vault)["jobId"]
    refused("ResourceNotFoundException", glacier.describe_job, jobId="none", **vault)
    eventually("retrieved", lambda: glacier.describe_job(jobId=job, **vault)["Completed"])
    output = glacier.get_job_output(jobId=job, **vault)
    assert output["body"].read() == content and output["checksum"] == archive["checksum"], output
    part = glacier.get_job_output(jobId=job, range="bytes=0-1048575", **vault)
    assert part["body"].read() == content[:MIB] and part["contentRange"].startswith("bytes 0-1048575/"), part
    assert [each["JobId"] for each in glacier.list_jobs(**vault)["JobList"]] == [job]

    upload = glacier.initiate_multipart_upload(partSize=str(MIB), **vault)["uploadId"]
    for start in range(0, len(content), MIB):
        piece = content[start : start + MIB]
        glacier.upload_multipart_part(uploadId=upload, range="bytes %d-%d/*" % (start, start + len(piece) - 1), body=piece, **vault)
    assert len(glacier.list_parts(uploadId=upload, **vault)["Parts"]) == 4
    whole = glacier.complete_multipart_upload(uploadId=upload, archiveSize=str(len(content)), checksum=archive["checksum"], **vault)
    assert whole["checksum"] == archive["checksum"], whole
    assert glacier.list_vaults()["VaultList"][0]["VaultName"] == "boto"
    for each in (archive, whole):
        glacier.delete_archive(archiveId=each["archiveId"], **vault)
    glacier.delete_vault(**vault)
    refused("ResourceNotFoundException", glacier.describe_vault, **vault)


def tour_ses(folder):
    ses = client("sesv2")
    simple = {"Simple": {"Subject": {"Data": "boto \u00e4"}, "Body": {"Text": {"Data": "x"}, "Html": {"Data": "<b>x</b>"}}}}
    whom = {"FromEmailAddress": "a@example.org", "Destination": {"ToAddresses": ["boto@example.org"]}}
    assert ses.send_email(Content=simple, **whom)["MessageId"]
    raw = b"From: a@example.org\r\nTo: boto@example.org\r\nSubject: raw\r\n\r\nbody\r\n"
    ses.send_email(Content={"Raw": {"Data": raw}})
    refused("BadRequestException", ses.send_email, Content=simple, FromEmailAddress="nobody", Destination=whom["Destination"])
    mails = json.loads(fetch(endpoint + "/_mail/messages.json?to=boto@example.org")[1])
    assert [each["subject"] for each in mails] == ["raw", "boto \u00e4"], mails


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


TOURS = [tour_s3, tour_sqs, tour_cloudwatch, tour_ec2_and_elbv2, tour_glacier, tour_ses]

with tempfile.TemporaryDirectory() as folder:
    for tour in TOURS:
        tour(folder)
print(json.dumps(calls))
