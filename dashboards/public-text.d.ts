/** What is in `public` is text in the hub's bundle: `rules` in wrangler.toml. */
declare module '*/public/app.js' {
  const text: string;
  export default text;
}

declare module '*.css' {
  const text: string;
  export default text;
}

declare module '*.svg' {
  const text: string;
  export default text;
}
