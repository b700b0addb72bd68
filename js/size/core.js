export * from "universal-state";
