import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The stories begin within this share of the parts, so that none is left to run alone at the end. */
const SHARE_WITH_STORIES = 0.7;

/**
 * Puts the stories among the parts, each as far from the next as the other. A story mostly waits for the system that it
 * started, and a part computes: side by side they keep all cores busy, and few systems run at a time.
 */
export class StoriesAmongParts extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isStory = ({ project }: TestSpecification) => project.name === "stories";
    return spread(
      sorted.filter((file) => !isStory(file)),
      sorted.filter(isStory),
    );
  }
}

/** Both lists in their own order: `some` evenly among the first of `many`, the first of `some` before all. */
export function spread<T>(many: readonly T[], some: readonly T[]): T[] {
  const gap = Math.max(1, Math.floor((many.length * SHARE_WITH_STORIES) / some.length));
  const merged = many.flatMap((each, index) => {
    const turn = index % gap === 0 ? some.slice(index / gap, index / gap + 1) : [];
    return [...turn, each];
  });
  return [...merged, ...some.slice(Math.ceil(many.length / gap))];
}
