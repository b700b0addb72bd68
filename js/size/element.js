export * from "universal-state";
export * from "universal-state/element";
