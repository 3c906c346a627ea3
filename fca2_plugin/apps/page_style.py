"""The report's style sheet: light and dark, wide and narrow."""

from fca2_plugin.apps.figures import DARK, LIGHT

__all__ = ["STYLE"]

STYLE = f"""
:root {{
  color-scheme: light dark;
  --paper: {LIGHT.paper}; --ink: {LIGHT.ink}; --quiet: {LIGHT.quiet}; --line: {LIGHT.grid};
  --shade: #f4f6f8; --accent: {LIGHT.models["wrapped"]}; --box: #d55e00;
}}
@media (prefers-color-scheme: dark) {{
  :root {{
    --paper: {DARK.paper}; --ink: {DARK.ink}; --quiet: {DARK.quiet}; --line: {DARK.grid};
    --shade: #252a31; --accent: {DARK.models["wrapped"]}; --box: #e69f00;
  }}
}}
* {{ box-sizing: border-box; }}
body {{
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}}
main, footer {{ max-width: 1080px; margin: 0 auto; padding: 0 20px; }}
footer {{ color: var(--quiet); font-size: 14px; padding-bottom: 40px; }}
h1 {{ font-size: 28px; line-height: 1.2; margin: 40px 0 4px; }}
h2 {{ font-size: 20px; margin: 0 0 12px; }}
header p {{ margin: 0 0 12px; color: var(--quiet); }}
section {{ margin: 40px 0; }}
figure {{ margin: 0; }}
figcaption, .note {{ color: var(--quiet); font-size: 14px; }}
img {{ display: block; width: 100%; height: auto; border-radius: 4px; }}

.tiles {{
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(130px, 100%), 1fr)); gap: 12px;
  list-style: none; margin: 0; padding: 0;
}}
.tiles li {{ background: var(--shade); border-radius: 8px; padding: 14px 18px; }}
.tiles strong {{
  display: block; font-size: clamp(17px, 4.4vw, 30px); line-height: 1.2; color: var(--accent);
  white-space: nowrap;
}}
.tiles span {{ color: var(--quiet); font-size: 14px; }}

dl {{
  display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 10px 28px;
  margin: 0;
}}
dt {{ color: var(--quiet); font-size: 14px; }}
dd {{ margin: 0; overflow-wrap: anywhere; }}

.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 8px 12px; text-align: right; white-space: nowrap; }}
thead th {{
  color: var(--quiet); font-weight: 500; font-size: 14px; vertical-align: bottom;
  white-space: normal;
}}
thead th[colspan] {{ text-align: center; }}
tbody tr {{ border-top: 1px solid var(--line); }}
tbody th, thead tr:first-child th:first-child {{
  text-align: left; position: sticky; left: 0; background: var(--paper);
}}
tbody td b {{ color: var(--accent); }}

.plots {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 24px; }}
.plots figcaption {{ text-align: center; }}

.slider {{ --cut: 50%; position: relative; }}
.slider img {{ image-rendering: pixelated; }}
.slider .after {{
  position: absolute; inset: 0; height: 100%; clip-path: inset(0 0 0 var(--cut));
}}
.slider span {{ position: absolute; pointer-events: none; }}
.slider .box {{ border: 2px solid var(--box); outline: 1px solid #fffc; z-index: 1; }}
.slider .cut {{ top: 0; bottom: 0; left: var(--cut); border-left: 2px solid #fff; }}
.slider .tag {{
  left: 8px; bottom: 8px; padding: 1px 8px; border-radius: 4px; background: #000a; color: #fff;
  font-size: 14px;
}}
.slider .right {{ left: auto; right: 8px; }}
.slider input {{
  position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0;
  cursor: ew-resize;
}}
.slider:focus-within {{ outline: 2px solid var(--accent); outline-offset: 2px; }}

.crops {{
  display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin-top: 16px;
}}
.crops img {{ image-rendering: pixelated; }}
.crops figcaption {{ text-align: center; }}

.codes {{
  display: grid; grid-template-columns: minmax(110px, 200px) auto 1fr; gap: 16px;
  align-items: center;
}}
.holds {{ color: var(--quiet); }}
.held {{ display: flex; gap: 8px; }}
.held figure {{ flex: 0 1 150px; min-width: 0; }}
.codes figcaption {{ text-align: center; }}

@media (max-width: 600px) {{
  main, footer {{ padding: 0 14px; }}
  th, td {{ padding: 8px 7px; font-size: 14px; }}
  .tiles li {{ padding: 10px 12px; }}
  .codes {{ grid-template-columns: minmax(70px, 110px) auto 1fr; gap: 8px; }}
  figcaption {{ font-size: 12px; }}
}}
"""
