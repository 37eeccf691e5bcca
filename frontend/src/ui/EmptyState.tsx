import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface EmptyStateProps {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
}

export function EmptyState({ icon: Icon, title, children }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center gap-2 rounded-card border border-dashed px-6 py-12 text-center">
      <Icon aria-hidden className="size-6 text-muted" />
      <p className="text-15 font-medium">{title}</p>
      <div className="max-w-md text-14 text-muted">{children}</div>
    </div>
  );
}
