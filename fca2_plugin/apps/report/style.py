"""The report's style sheet: light and dark, wide and narrow."""

from fca2_plugin.apps.report.plotting import DARK, LIGHT

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
main, footer {{ max-width: 1160px; margin: 0 auto; padding: 0 20px; }}
footer {{ color: var(--quiet); font-size: 14px; padding-bottom: 40px; }}
h1 {{ font-size: 28px; line-height: 1.2; margin: 40px 0 4px; }}
h2 {{ font-size: 20px; margin: 0 0 12px; }}
h3 {{ font-size: 16px; margin: 24px 0 12px; }}
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
td small {{ display: block; color: var(--quiet); font-size: 12px; line-height: 1.2; }}
tr.printed td, tr.printed th {{ color: var(--quiet); font-weight: 400; }}
tr.ours td, tr.ours th {{ background: var(--shade); font-weight: 600; }}
.kind {{
  margin-left: 8px; padding: 0 6px; border: 1px solid var(--line); border-radius: 8px;
  color: var(--quiet); font-size: 12px; font-weight: 400;
}}
tr.ours .kind {{ border-color: var(--accent); color: var(--accent); }}
.wide {{ margin-top: 24px; }}

.plots {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 24px; }}
.plots figcaption {{ text-align: center; }}
.plots.one {{ max-width: 640px; }}
figure + figure, .plots + figure, .note + figure {{ margin-top: 24px; }}
.plots figure + figure, .crops figure + figure, .held figure + figure, .profile figure + figure,
.codes figure + figure {{ margin-top: 0; }}
.dense, .dense thead th {{ font-size: 13px; }}
.dense th, .dense td {{ padding: 6px; }}
.dense .kind, .dense small {{ font-size: 11px; }}
.broad {{ overflow-x: auto; margin-top: 24px; }}
.broad img {{ min-width: 640px; }}

.slider {{ --cut: 50%; position: relative; overflow: hidden; border-radius: 4px; }}
.slider img {{
  display: none; position: absolute; inset: 0; height: 100%; border-radius: 0;
  image-rendering: pixelated;
}}
.slider .left, .slider .right {{ display: block; }}
.slider .left {{ clip-path: inset(0 calc(100% - var(--cut)) 0 0); }}
.slider .right {{ clip-path: inset(0 0 0 var(--cut)); }}
.slider .left.right {{ clip-path: none; }}
.slider span {{ position: absolute; pointer-events: none; }}
.slider .box {{ border: 2px solid var(--box); outline: 1px solid #fffc; z-index: 1; }}
.slider .cut {{ top: 0; bottom: 0; left: var(--cut); border-left: 2px solid #fff; }}
.slider .tag {{
  clip-path: none; bottom: 8px; max-width: 46%; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; padding: 1px 8px; border-radius: 4px; background: #000a; color: #fff;
  font-size: 14px;
}}
.slider .tag.left {{ left: 8px; }}
.slider .tag.right {{ right: 8px; }}
.slider input {{
  position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0;
  cursor: ew-resize;
}}
.slider:focus-within {{ outline: 2px solid var(--accent); outline-offset: 2px; }}
.choices {{ display: flex; flex-wrap: wrap; gap: 8px 20px; margin-top: 8px; }}
.choices label {{ color: var(--quiet); font-size: 14px; }}
.choices select {{
  font: inherit; color: var(--ink); background: var(--shade); border: 1px solid var(--line);
  border-radius: 4px; padding: 2px 6px;
}}

.crops {{
  display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin-top: 16px;
}}
.crops img {{ image-rendering: pixelated; }}
.crops figcaption {{ text-align: center; }}

.profile {{
  display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 12px;
}}
.profile img {{ image-rendering: pixelated; aspect-ratio: 1; }}
.profile figcaption {{ text-align: center; }}

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
