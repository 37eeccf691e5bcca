/** In the order of KITTI's types; colours that are told apart on a photograph and on black. */
const COLOURS: Record<string, string> = {
  Car: "#4cc9f0",
  Van: "#4895ef",
  Truck: "#b5a6ff",
  Pedestrian: "#ffd166",
  "Person (sitting)": "#ffb347",
  Person_sitting: "#ffb347",
  Cyclist: "#7ae582",
  Tram: "#ff8fab",
};

export function objectColour(category: string): string {
  return COLOURS[category] ?? "#f0f0f0";
}
