import { clsx } from "clsx";
import type { ComponentProps } from "react";

type Variant = "primary" | "soft" | "outline" | "ghost" | "danger";
type Size = "md" | "sm" | "icon";

const BASE =
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-control font-medium whitespace-nowrap transition-colors select-none disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0";

const VARIANTS: Record<Variant, string> = {
  primary: "bg-accent text-accent-fg not-disabled:hover:opacity-90",
  soft: "border border-accent/40 bg-accent-soft text-accent not-disabled:hover:border-accent",
  outline: "border bg-card not-disabled:hover:bg-panel",
  ghost: "text-muted not-disabled:hover:bg-panel not-disabled:hover:text-fg",
  danger: "border border-bad bg-card text-bad not-disabled:hover:bg-panel",
};

const SIZES: Record<Size, string> = {
  md: "min-h-9 px-3 text-14 touch:min-h-11",
  sm: "min-h-7 px-2 text-13 touch:min-h-11",
  icon: "size-9 touch:size-11",
};

export function buttonClass(variant: Variant = "outline", size: Size = "md"): string {
  return clsx(BASE, VARIANTS[variant], SIZES[size]);
}

export interface ButtonProps extends ComponentProps<"button"> {
  variant?: Variant;
  size?: Size;
}

export function Button({ variant, size, className, type = "button", ...props }: ButtonProps) {
  return <button type={type} className={clsx(buttonClass(variant, size), className)} {...props} />;
}
