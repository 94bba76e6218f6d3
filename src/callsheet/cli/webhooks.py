"""`callsheet webhooks …`: who is told when jobs end, what was told, and telling it again."""

import getpass
from typing import Annotated, Any

import typer

from callsheet.cli.output import out_json, out_table, say
from callsheet.cli.session import run_command
from callsheet.delivery.customer_webhooks import Sent
from callsheet.delivery.webhooks import Delivery, DeliveryStatus, Event, Webhook
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.wiring import Callsheet

app = typer.Typer(
    help="Customers' webhooks: add, list, remove, deliveries, redeliver.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="The address to tell, https://…")],
    event: Annotated[
        list[Event] | None, typer.Option(help="Tell of this end only; may be repeated.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Tell an address of every job that ends; the secret that signs it is shown once."""

    async def work(cs: Callsheet) -> tuple[Webhook, str]:
        return await cs.customer_webhooks.add(
            LOCAL_WORKSPACE, url, event or (), by=getpass.getuser()
        )

    webhook, secret = run_command(work)
    if json:
        out_json({**_plain(webhook), "secret": secret})
        return
    say(f"{webhook.id} is told at {webhook.url}. This secret is shown once:")
    typer.echo(secret)


@app.command("list")
def list_webhooks(json: AsJson = False) -> None:
    """List the webhooks that are told of every job."""

    async def work(cs: Callsheet) -> list[Webhook]:
        return await cs.customer_webhooks.listed(LOCAL_WORKSPACE)

    found = [_plain(each) for each in run_command(work)]
    if json:
        out_json(found)
        return
    rows = [
        [each["id"], each["url"], ", ".join(each["events"]), each["disabled"] or "-"]
        for each in found
    ]
    out_table("", ["id", "url", "events", "disabled"], rows)


@app.command()
def remove(webhook: Annotated[str, typer.Argument(help="The webhook's id, wh_…")]) -> None:
    """Tell a webhook nothing more; what is still to be sent to it and its log go, too."""

    async def work(cs: Callsheet) -> None:
        await cs.customer_webhooks.remove(LOCAL_WORKSPACE, webhook, by=getpass.getuser())

    run_command(work)
    typer.echo(f"{webhook} is removed")


@app.command()
def deliveries(
    webhook: Annotated[str, typer.Option(help="Only those to this webhook.")] = "",
    status: Annotated[DeliveryStatus | None, typer.Option(help="Only those that stand so.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 20,
    json: AsJson = False,
) -> None:
    """List what was told, newest first, with what came back."""

    async def work(cs: Callsheet) -> list[Sent]:
        return await cs.customer_webhooks.log(
            LOCAL_WORKSPACE, limit, webhook=webhook or None, status=status
        )

    found = run_command(work)
    if json:
        out_json([_told(each) for each in found])
        return
    columns = ["id", "event", "status", "#tries", "answer", "error"]
    out_table("", columns, [_cells(each.delivery) for each in found])


@app.command()
def redeliver(delivery: Annotated[str, typer.Argument(help="Its id, dl_…")]) -> None:
    """Send a message again, under the id that it had; a worker, or `callsheet up`, sends it."""

    async def work(cs: Callsheet) -> Delivery:
        return await cs.customer_webhooks.redeliver(LOCAL_WORKSPACE, delivery)

    again = run_command(work)
    typer.echo(f"{again.id} is sent again, as {again.message}")


def _cells(each: Delivery) -> list[str]:
    answer = str(each.answered) if each.answered else "-"
    return [
        each.id,
        each.event,
        each.status,
        str(each.attempts),
        answer,
        each.error or "-",
    ]


def _plain(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": [str(each) for each in webhook.events],
        "created_at": webhook.created_at.isoformat(),
        "disabled": webhook.disabled,
    }


def _told(sent: Sent) -> dict[str, Any]:
    each = sent.delivery
    return {
        "id": each.id,
        "message": each.message,
        "webhook": each.webhook,
        "job": each.job,
        "event": str(each.event),
        "status": str(each.status),
        "body": each.body,
        "created_at": each.created_at.isoformat(),
        "attempts": [
            {
                "number": attempt.number,
                "at": attempt.at.isoformat(),
                "answered": attempt.answered,
                "error": attempt.error,
                "took_ms": attempt.took_ms,
            }
            for attempt in sent.attempts
        ],
    }
