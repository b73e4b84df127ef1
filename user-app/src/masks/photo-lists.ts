/** The four lists of the history; each photo is in exactly one. */
export const PHOTO_LISTS = ["no-faces", "all-masked", "none-masked", "some-masked"] as const;
export type PhotoList = (typeof PHOTO_LISTS)[number];

export interface FaceCounts {
  readonly faces: number;
  readonly masked: number;
  readonly unmasked: number;
}

export interface PhotoListText {
  readonly name: string;
  /** What the empty list says: what it will hold, and that there is none yet. */
  readonly emptyTitle: string;
  readonly emptySentence: string;
}

export const PHOTO_LIST_TEXTS: Readonly<Record<PhotoList, PhotoListText>> = {
  "no-faces": {
    name: "No faces",
    emptyTitle: "No photo without faces yet",
    emptySentence: "Photos in which no face is found are kept here.",
  },
  "all-masked": {
    name: "All masked",
    emptyTitle: "No photo with masks on every face yet",
    emptySentence: "Photos in which everybody wears a mask are kept here.",
  },
  "none-masked": {
    name: "None masked",
    emptyTitle: "No photo without a single mask yet",
    emptySentence: "Photos in which nobody wears a mask are kept here.",
  },
  "some-masked": {
    name: "Some masked",
    emptyTitle: "No photo with some masks yet",
    emptySentence: "Photos where some people wear a mask and some do not appear here.",
  },
};

export function listOf({ faces, masked }: Pick<FaceCounts, "faces" | "masked">): PhotoList {
  if (faces === 0) return "no-faces";
  if (masked === 0) return "none-masked";
  return masked === faces ? "all-masked" : "some-masked";
}

export function isPhotoList(text: string): text is PhotoList {
  return (PHOTO_LISTS as readonly string[]).includes(text);
}

export function countFaces(faces: readonly { readonly masked: boolean }[]): FaceCounts {
  const masked = faces.filter((face) => face.masked).length;
  return { faces: faces.length, masked, unmasked: faces.length - masked };
}
