import type { Sample } from "@/api/types";

/** What is laid over an image. */
export interface Layers {
  boxes: boolean;
  masks: boolean;
  labels: boolean;
}

export type Layer = keyof Layers;

export const ALL_LAYERS: Layers = { boxes: true, masks: true, labels: true };
/** Names have no room over a small image. */
export const BOXES_ALONE: Layers = { boxes: true, masks: true, labels: false };

export const LAYER_NAMES: Record<Layer, string> = {
  boxes: "Boxes",
  masks: "Masks",
  labels: "Labels",
};

/** Those that an image of a dataset with or without boxes can have. */
export function layersOf({ mask, boxes }: Sample, boxed: boolean): Layer[] {
  const masked = mask != null || boxes.some(({ outlines }) => outlines.length > 0);
  return [
    ...(boxed ? (["boxes"] as const) : []),
    ...(masked ? (["masks"] as const) : []),
    ...(boxed ? (["labels"] as const) : []),
  ];
}

const THUMBNAIL_EDGES = [192, 384, 768];

/** The sizes that a thumbnail can be had in, for `srcset`; none of one that is not the server's. */
export function thumbnailSizes(address: string): string | undefined {
  if (!address.startsWith("/")) return undefined;
  return THUMBNAIL_EDGES.map((edge) => `${withEdge(address, edge)} ${edge}w`).join(", ");
}

export function withEdge(address: string, edge: number): string {
  return `${address}${address.includes("?") ? "&" : "?"}edge=${edge}`;
}
