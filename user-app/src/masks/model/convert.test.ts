import { readFileSync } from "node:fs";
import { MODEL_PATH, missingSamples } from "@elastic-gas/testing/user-app/mask-samples";
import { describe, expect, it } from "vitest";
import { readCaffeLayers } from "./caffe.ts";
import { caffeToOnnx, ModelUnusable } from "./convert.ts";
import { bytesField, concat } from "./protobuf.ts";

const layer = (name: string, type: string, bottom: string, top: string) =>
  bytesField(100, concat([bytesField(1, name), bytesField(2, type), bytesField(3, bottom), bytesField(4, top)]));
const input = bytesField(100, concat([bytesField(1, "data"), bytesField(2, "Input"), bytesField(4, "data")]));

describe("converting the mask model", () => {
  it.skipIf(missingSamples)(
    `reads the 28 convolutions of the published file${missingSamples ? ` (${missingSamples})` : ""}`,
    () => {
      const layers = readCaffeLayers(readFileSync(MODEL_PATH));
      const convolutions = layers.filter(({ type }) => type === "Convolution");
      expect(convolutions).toHaveLength(28);
      expect(convolutions.slice(0, 8).map((found) => found.convolution.outputs)).toEqual([
        32, 64, 64, 64, 128, 128, 64, 64,
      ]);
      expect(convolutions.filter((found) => found.convolution.pad === 0).map(({ name }) => name)).toEqual(["conv2d_7"]);
      expect(layers.find(({ name }) => name === "cls_0_reshape")?.shape).toEqual([0, -1, 2]);
    },
  );

  it("refuses files that are something else, with a reason", () => {
    expect(() => caffeToOnnx(Buffer.from("<html>not found</html>"))).toThrow(ModelUnusable);
    expect(() => caffeToOnnx(new Uint8Array())).toThrow("The model has no layer loc_branch_concat.");
    expect(() => caffeToOnnx(concat([input, layer("odd", "Deconvolution", "data", "odd")]))).toThrow(
      "Layer odd is of type Deconvolution, which the mask model does not have.",
    );
    expect(() => caffeToOnnx(concat([input, layer("relu", "ReLU", "elsewhere", "relu")]))).toThrow(
      "Layer relu reads elsewhere, which no layer before it writes.",
    );
  });
});
