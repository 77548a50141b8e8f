"""`pluginctl deploy`: the project's deployments, limits and automations on a Prefect server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.resources import Action, Verb
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import DryRun, Format
from pluginctl.output import Output, emit_json, literal, message_console, result_console
from pluginctl.tables import plan_table

app = typer.Typer(add_completion=False)

Prune = Annotated[
    bool, typer.Option("--prune", help="Remove what an earlier deploy made and nothing declares any more.")
]


@app.command()
def deploy(dry_run: DryRun = False, prune: Prune = False, output: Format = Output.TEXT) -> None:
    """Deploy the plugins and automations that deployments/ declares to the Prefect server of PREFECT_API_URL."""
    console = message_console()

    def done(action: Action) -> None:
        console.print(f"[green]✓[/] {action.verb} {action.kind} {literal(action.name)}", highlight=False)

    with exit_on_error(output):
        from pluginctl.deploying.deploy import deploy as run_deploy

        plan = run_deploy(Path.cwd(), dry_run=dry_run, prune=prune, done=done)
    if output is Output.JSON:
        emit_json({"actions": [action.as_json() for action in plan.actions], "dry_run": dry_run})
        return
    result = result_console()
    for action in plan.actions:
        for note in action.notes:
            result.say(f"[yellow]remark:[/] {action.kind} {literal(action.name)}: {literal(note)}")
    if not dry_run:
        kept = sum(action.verb is Verb.KEEP and not action.notes for action in plan.actions)
        result.print(f"Deployed: {len(plan.writes)} changed, {kept} kept.")
        return
    if plan.writes:
        result.print(plan_table(plan.writes))
    result.print(f"{plan.summary()}. Nothing was changed: this was a dry run.")
