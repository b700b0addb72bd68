import { defineConfig } from "vite";

export default defineConfig({
  // A library build leaves the mode to the page, which has none.
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  // `universal-state` is linked, and would find a React of its own beside its sources.
  resolve: { dedupe: ["react", "react-dom"] },
  build: {
    lib: { entry: "src/main.tsx", formats: ["es"], fileName: () => "decide.js" },
    target: "es2022",
    // A library in ES modules is left readable for those who bundle it again. Nobody does with this one.
    rolldownOptions: { output: { minify: true } },
  },
});
