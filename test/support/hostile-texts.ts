/** Markup and addresses that run `alert(1)`, change the page or leave it, each by another way into a browser. */
const payloads = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<iframe src=javascript:alert(1)>',
  '<iframe srcdoc="<script>alert(1)</script>">',
  '<body onload=alert(1)>',
  '<video src=x onerror=alert(1)>',
  '<audio src=x onerror=alert(1)>',
  '<details open ontoggle=alert(1)>',
  '<input autofocus onfocus=alert(1)>',
  '<marquee onstart=alert(1)>',
  '<a href=javascript:alert(1)>x</a>',
  '<object data=javascript:alert(1)>',
  '<embed src=javascript:alert(1)>',
  '<math><mi xlink:href=javascript:alert(1)>',
  '<link rel=stylesheet href=//evil.example>',
  '<meta http-equiv=refresh content=0;//evil.example>',
  '<base href=//evil.example>',
  '<form><button formaction=javascript:alert(1)>',
  '<style>*{display:none}</style>',
  '<template><img src=x onerror=alert(1)></template>',
  '<p style=position:fixed;inset:0 onclick=alert(1)>',
  "{{constructor.constructor('alert(1)')()}}",
  'javascript:alert(1)//',
] as const;

/** What ends the place a text stands in, or makes it something else on its way. */
const contexts: readonly ((payload: string) => string)[] = [
  (payload) => payload,
  (payload) => `">${payload}`,
  (payload) => `'>${payload}`,
  (payload) => `</script>${payload}`,
  (payload) => `</title></textarea>${payload}`,
  (payload) => `-->${payload}`,
  (payload) => `$t(app.name)\u202E${payload}`,
  (payload) => `\u001B]0;x\u0007\u009B2J\r\n${payload}`,
];

/** Two hundred texts that no page may take for more than text; the last context of each also commands terminals. */
export const hostileTexts: readonly string[] = payloads.flatMap((payload) => contexts.map((wrap) => wrap(payload)));
