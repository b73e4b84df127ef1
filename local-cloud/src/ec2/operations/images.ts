import type {
  CreateImageCommandInput,
  CreateImageCommandOutput,
  DeregisterImageCommandInput,
  DeregisterImageCommandOutput,
  DescribeImagesCommandInput,
  DescribeImagesCommandOutput,
  Image,
} from "@aws-sdk/client-ec2";
import { Fault, type Handler } from "../../wire/handler.ts";
import { type Ec2Context, getNamedForChange, refuseDryRun } from "../context.ts";
import { applyFilters, type Property, tagProperty } from "../filters.ts";
import type { ImageRecord } from "../images.ts";
import { readTags } from "../instances/run-request.ts";

/** An image is there at once: there is no disk to copy. */
export function createCreateImage(context: Ec2Context): Handler<CreateImageCommandInput, CreateImageCommandOutput> {
  return async ({ InstanceId, Name, Description = "", TagSpecifications = [], DryRun }) => {
    const [instance] = getNamedForChange(context, InstanceId === undefined ? [] : [InstanceId]);
    if (Name === undefined || Name === "")
      throw new Fault("MissingParameter", "The request must contain the parameter name");
    if (instance === undefined || (instance.state !== "running" && instance.state !== "stopped"))
      throw new Fault("IncorrectState", `Instance '${InstanceId}' is not 'running' or 'stopped'.`);
    const sameName = context.images.list().find(({ name }) => name === Name);
    if (sameName !== undefined)
      throw new Fault("InvalidAMIName.Duplicate", `AMI name ${Name} is already in use by AMI ${sameName.imageId}`);
    const given = TagSpecifications.find(({ ResourceType }) => ResourceType === "image")?.Tags ?? [];
    refuseDryRun(DryRun);
    const { imageId } = context.images.insert({
      name: Name,
      description: Description,
      sourceInstanceId: instance.instanceId,
      tags: readTags(given),
      createdAt: context.now(),
    });
    return { ImageId: imageId };
  };
}

export function createDescribeImages(
  context: Ec2Context,
): Handler<DescribeImagesCommandInput, DescribeImagesCommandOutput> {
  return async ({ ImageIds = [], Owners = [], Filters }) => {
    const images = context.images.list();
    for (const id of ImageIds) if (!images.some(({ imageId }) => imageId === id)) throw notFound(id);
    const isOurs = Owners.length === 0 || Owners.some((owner) => owner === "self" || owner === context.accountId);
    const named = images.filter(({ imageId }) => isOurs && (ImageIds.length === 0 || ImageIds.includes(imageId)));
    return {
      Images: applyFilters(named, Filters, findImageProperty).map((image) => present(image, context.accountId)),
    };
  };
}

export function createDeregisterImage(
  context: Ec2Context,
): Handler<DeregisterImageCommandInput, DeregisterImageCommandOutput> {
  return async ({ ImageId = "", DryRun }) => {
    if (!context.images.list().some(({ imageId }) => imageId === ImageId)) throw notFound(ImageId);
    refuseDryRun(DryRun);
    context.images.remove(ImageId);
    return { Return: true };
  };
}

function notFound(imageId: string): Fault {
  return new Fault("InvalidAMIID.NotFound", `The image id '[${imageId}]' does not exist`);
}

function findImageProperty(name: string): Property<ImageRecord> | undefined {
  switch (name) {
    case "image-id":
      return ({ imageId }) => [imageId];
    case "name":
      return (image) => [image.name];
    case "state":
      return () => ["available"];
    default:
      return tagProperty(name);
  }
}

function present(image: ImageRecord, accountId: string): Image {
  return {
    ImageId: image.imageId,
    Name: image.name,
    Description: image.description,
    State: "available",
    OwnerId: accountId,
    Architecture: "x86_64",
    ImageType: "machine",
    RootDeviceType: "ebs",
    RootDeviceName: "/dev/xvda",
    VirtualizationType: "hvm",
    Public: false,
    SourceInstanceId: image.sourceInstanceId,
    CreationDate: image.createdAt.toISOString(),
    BlockDeviceMappings: [],
    Tags: Object.entries(image.tags).map(([Key, Value]) => ({ Key, Value })),
  };
}
