export interface ScreenOfRouter {
  path: string;
  modules: string[];
}
export function opening(name: string): string;
export function screens(): ScreenOfRouter[];
