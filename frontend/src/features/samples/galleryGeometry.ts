/** A browser draws no taller box than some 17 million pixels. */
const MOST_PX = 12_000_000;
const LEAST_TILE_PX = 160;
const CAPTION_PX = 44;
const FIELD_PX = 24;
const FRAME_PX = 30;
const MOST_FIELDS = 6;
/** Rows that are drawn beyond those that are seen. */
const BEYOND = 2;

export interface GalleryGeometry {
  columns: number;
  tilePx: number;
  rowPx: number;
  /** So many of the samples have a place. */
  placed: number;
  heightPx: number;
}

/** How samples are laid out in a box so wide: images in columns, texts of so many fields below each other. */
export function layOut(count: number, width: number, fields: number | null): GalleryGeometry {
  const columns = fields !== null ? 1 : Math.max(2, Math.floor(width / LEAST_TILE_PX));
  const tilePx = width / columns;
  const rowPx =
    fields !== null
      ? Math.min(MOST_FIELDS, Math.max(1, fields)) * FIELD_PX + FRAME_PX
      : Math.round(tilePx) + CAPTION_PX;
  const rows = Math.min(Math.ceil(count / columns), Math.floor(MOST_PX / rowPx));
  return {
    columns,
    tilePx,
    rowPx,
    placed: Math.min(count, rows * columns),
    heightPx: rows * rowPx,
  };
}

/** The samples that are drawn where so much of the box is seen; the second number is not among them. */
export function drawn(
  { columns, rowPx, placed }: GalleryGeometry,
  top: number,
  height: number,
): [number, number] {
  const first = Math.max(0, Math.floor(top / rowPx) - BEYOND);
  const last = Math.ceil((top + height) / rowPx) + BEYOND;
  return [Math.min(placed, first * columns), Math.min(placed, last * columns)];
}

/** Where a key leads from a sample; null for one that leads nowhere. */
export function stepped(from: number, key: string, columns: number, count: number): number | null {
  const steps: Record<string, number> = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - columns,
    ArrowDown: from + columns,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined || count === 0 ? null : Math.min(count - 1, Math.max(0, to));
}
